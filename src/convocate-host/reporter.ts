import prettyBytes from 'pretty-bytes';

/** How a rollout tells what it does: one for people, one for machines. */
export interface Reporter {
  step(title: string): void;
  note(text: string): void;
  warn(text: string): void;
  /** Called often; `sent` and `total` are bytes on the wire. */
  transfer(what: string, sent: number, total: number): void;
  /** The outcome for one host, as JSON where JSON was asked for, else as `text`. */
  result(value: Record<string, unknown>, text: string): void;
}

export interface Output {
  write(text: string): void;
  /** A terminal on which a line can be written over. */
  readonly isTerminal: boolean;
}

const REDRAW_MS = 100;

/** Lines for people; on a terminal the line of a running transfer is drawn again in place. */
export function humanReporter(
  host: string,
  out: Output,
  now: () => number = () => performance.now(),
): Reporter {
  let open: { what: string; startedAt: number; startedWith: number; drawnAt: number } | undefined;
  const print = (text: string): void => out.write(`${host}  ${text}\n`);
  return {
    step: (title) => print(title),
    note: (text) => print(`  ${text}`),
    warn: (text) => print(`  warning: ${text}`),
    transfer: (what, sent, total) => {
      if (open?.what !== what) {
        open = { what, startedAt: now(), startedWith: sent, drawnAt: Number.NEGATIVE_INFINITY };
      }
      const done = sent >= total;
      if (!done && (!out.isTerminal || now() - open.drawnAt < REDRAW_MS)) return;
      open.drawnAt = now();
      const line = transferLine(
        what,
        { sent, total, fresh: sent - open.startedWith },
        now() - open.startedAt,
      );
      out.write(out.isTerminal ? `\r\u001b[K${host}    ${line}${done ? '\n' : ''}` : `${host}    ${line}\n`);
      if (done) open = undefined;
    },
    result: (_value, text) => print(text),
  };
}

interface Bytes {
  readonly sent: number;
  readonly total: number;
  /** Sent by this run: what an earlier one had left on the host says nothing about the speed. */
  readonly fresh: number;
}

function transferLine(what: string, { sent, total, fresh }: Bytes, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (fresh * 1000) / elapsedMs : 0;
  const size = `${prettyBytes(sent)} of ${prettyBytes(total)}`;
  if (sent >= total) return `sent ${what}: ${prettyBytes(total)} in ${(elapsedMs / 1000).toFixed(1)} s`;
  const left = perSecond > 0 ? `${Math.ceil((total - sent) / perSecond)} s left` : 'starting';
  return `${what}: ${size}, ${prettyBytes(perSecond)}/s, ${left}`;
}

/** One JSON object a line: `{event, host, …}`. */
export function jsonReporter(
  host: string,
  out: Output,
  now: () => number = () => performance.now(),
): Reporter {
  let drawnAt = Number.NEGATIVE_INFINITY;
  const print = (event: string, fields: Record<string, unknown>): void =>
    out.write(`${JSON.stringify({ event, host, ...fields })}\n`);
  return {
    step: (title) => print('step', { title }),
    note: (text) => print('note', { text }),
    warn: (text) => print('warning', { text }),
    transfer: (what, sent, total) => {
      if (sent < total && now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      print('transfer', { what, sent, total });
    },
    result: (value) => print('result', value),
  };
}
