import type { Duplex } from 'node:stream';
import type { ShellClient } from '../../cluster/shell-client.ts';
import { FRAME_TYPES } from '../../protocol/attach-frames.ts';
import { printable } from '../commands/printable.ts';
import { type AttachEnd, type AttachTarget, endOf, farewell, leftUnopened } from './attach-end.ts';
import type { Bell } from './bell.ts';
import { endBySignal } from './end-by-signal.ts';
import { type DialRequest, KeepAttached } from './keep-attached.ts';
import { openAttach } from './open-attach.ts';
import { type OwnTerminal, openOwnTerminal } from './own-terminal.ts';
import { relayRaw } from './relay-raw.ts';
import { ScreenModes } from './screen-modes.ts';
import { SessionLine } from './session-line.ts';
import { whileSignalled } from './while-signalled.ts';

export interface AttachOptions {
  readonly readOnly?: boolean;
  /** Ends it, as SIGTERM does. */
  readonly ended?: AbortSignal;
  /** Was read from the terminal already, and is for the session: it comes before what is typed from now on. */
  readonly typed?: Uint8Array | undefined;
  /** Whoever runs this rings it for what happens elsewhere. */
  readonly bell?: Bell;
}

/**
 * Shows a session on the operator's terminal until they leave it or it ends, over as many connections as that takes, and
 * tells how it ended. A refusal of the first connection is thrown as an operator may be told of it. The terminal is as it
 * was on every way out; it is opened anew, so that no key typed after is lost to whoever reads standard input.
 */
export async function attachToSession(
  shell: ShellClient,
  target: AttachTarget,
  options: AttachOptions,
): Promise<AttachEnd> {
  const own = openOwnTerminal();
  const modes = new ScreenModes();
  let last = ''; // until something was shown there is nothing to put back
  const onExit = (): void => own.closeNow(last && modes.restoring()); // an error that nobody caught
  process.on('exit', onExit);
  // Whoever ends this from outside hears the signals, and restores what is restored then.
  using _signals = options.ended ? undefined : endBySignal(onExit);
  try {
    await own.makeRaw();
    if (options.typed?.length) own.stream.unshift(options.typed);
    options.bell?.hang(own.stream, modes);
    const line = new SessionLine(shell, target, options.readOnly ?? false);
    const opened = await openAttach({
      own,
      name: nameOf(target),
      open: (signal) => line.open(own.size(), signal),
      ended: options.ended,
    });
    if (opened.how === 'left') return leftUnopened(target);
    if (opened.how === 'signal') return endOf(target, opened);
    const { terminal, first } = opened;
    last = modes.restoring();
    if (first[0] !== FRAME_TYPES.hello.code) {
      const { signal, pressedDetach } = await relayRaw(own, modes, opened, options.ended);
      if (signal) return endOf(target, { how: 'signal', signal });
      return theirsWhere(pressedDetach, await farewell(shell, target));
    }
    terminal.socket.unshift(first);
    return await keep(own, modes, line, terminal.socket, { shell, target, ended: options.ended });
  } finally {
    process.off('exit', onExit);
    options.bell?.takeDown();
    await own.close(last && modes.restoring());
  }
}

interface Kept {
  readonly shell: ShellClient;
  readonly target: AttachTarget;
  readonly ended: AbortSignal | undefined;
}

async function keep(
  own: OwnTerminal,
  modes: ScreenModes,
  line: SessionLine,
  first: Duplex,
  { shell, target, ended }: Kept,
): Promise<AttachEnd> {
  const name = nameOf(target);
  const dial = (request: DialRequest, signal: AbortSignal): Promise<Duplex> => line.dial(request, signal);
  const kept = new KeepAttached({ name, screen: own.stream, size: () => own.size(), modes, dial }, first);
  const ending = await whileSignalled(
    { onEnd: (signal) => kept.signal(signal), onResize: () => kept.resized() },
    ended,
    kept.ending,
  );
  // An agent that will not have us back may have the best of reasons: the session is over.
  const how =
    ending.how === 'refused' ? await farewell(shell, target, ending.problem) : endOf(target, ending);
  const end = theirsWhere(kept.pressedDetach, how);
  const unsent = kept.unsentKeys;
  if (unsent === 0 || (ending.how !== 'left' && ending.how !== 'given-up')) return end;
  return { ...end, text: `${end.text}. What was typed last (${unsent} bytes) may not have reached it` };
}

function theirsWhere(pressedDetach: boolean, end: AttachEnd): AttachEnd {
  return pressedDetach ? { ...end, isTheirs: true } : end;
}

function nameOf({ name, host }: AttachTarget): string {
  return `${printable(name)} on ${printable(host)}`;
}
