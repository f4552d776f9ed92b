import { closeSync, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { RefusedError } from '../../base/errors.ts';
import { runCommand } from '../../base/run-command.ts';

const DEVICE = '/dev/tty';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** The operator's terminal, opened anew: what reads here is gone for good when it is closed. */
export interface OwnTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** The size now. */
  size(): Size;
  /** From now on every key and every byte passes as it is. */
  makeRaw(): Promise<void>;
  /** Gives the terminal back as it was; may be called twice, and from an exit handler. */
  restore(): void;
}

/** Throws {@link RefusedError} where the process has no terminal. */
export function requireTerminal(): void {
  closeSync(openDevice('r'));
}

export function openOwnTerminal(): OwnTerminal {
  const input = new ReadStream(openDevice('r'));
  const output = new WriteStream(openDevice('w'));
  for (const stream of [input, output]) stream.on('error', () => {}); // a terminal that is gone: SIGHUP tells
  return {
    input,
    output,
    size: currentSize,
    makeRaw: async () => {
      input.setRawMode(true);
      // Node leaves output processing on: each line feed would become a carriage return too, and break the screen.
      await runCommand(['stty', '-F', DEVICE, '-opost'], { timeoutMs: 5_000 });
    },
    restore: () => {
      if (input.destroyed) return;
      input.setRawMode(false);
      input.destroy();
    },
  };
}

/** A WriteStream learns its size once, when it is made. */
function currentSize(): Size {
  const probe = new WriteStream(openDevice('w'));
  const { columns, rows } = probe;
  probe.destroy();
  return { cols: within(columns, 80), rows: within(rows, 24) };
}

/** Terminals without a size say 0; the wire takes 1 to 1000. */
function within(value: number, fallback: number): number {
  return value >= 1 ? Math.min(value, 1000) : fallback;
}

function openDevice(flags: 'r' | 'w'): number {
  try {
    return openSync(DEVICE, flags);
  } catch (error) {
    throw new RefusedError('a session can be attached only from a terminal, and there is none here', {
      hint: 'log in with a terminal (`ssh -t`), or use `convocate new --start` in scripts',
      cause: error,
    });
  }
}
