import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { withDeadline } from '../../base/deadline.ts';
import type { AttachHeader } from '../../protocol/attach.ts';
import { FRAME_TYPES, encodeFrame } from '../../protocol/attach-frames.ts';

/** An agent that was told of it must close its side within this time. */
const FAREWELL_MS = 5_000;

/**
 * Closes a terminal whose client went while it was being opened. An agent that speaks frames would hold it for a client
 * that comes back, and count it as attached: a new one is left in words. One that was held before still is its client's,
 * who gave up only this way to it and tries again. Never rejects.
 */
export async function leaveUnseen(terminal: Duplex, { resumable }: AttachHeader): Promise<void> {
  terminal.on('error', () => {}); // told by 'close'
  const first = terminal.read() as Buffer | null; // an agent of an older release would take a frame for keys
  if (resumable && resumable.received === undefined && first?.[0] === FRAME_TYPES.hello.code) {
    const closed = once(terminal, 'close');
    terminal.resume().end(encodeFrame({ type: 'end', end: { reason: 'left' } }));
    await withDeadline(closed, FAREWELL_MS, 'the end of the terminal').catch(() => {}); // it is cut off then
  }
  terminal.resume().destroy();
}
