import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { type ErrorDetails, RefusedError, codeOf } from '../base/errors.ts';

/** Whatever terminal the process belongs to, wherever its own input and output go. */
export const DEVICE = '/dev/tty';

/** What is written last is a few hundred bytes: a terminal that takes nothing for a second stands still. */
const RETRY_MS = 20;
const MOST_TRIES = 50;

/** In columns and rows, as the wire takes them: 1 to 1000. */
export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** What to say to a process that has no terminal. */
export interface NoTerminal extends Pick<ErrorDetails, 'hint'> {
  readonly message: string;
}

/**
 * The operator's terminal, opened anew, keys in and screen out: what reads here is gone for good when it is closed. One
 * ReadStream both ways: a tty.WriteStream would stop the whole program, its keys too, on a terminal that is slow. Throws
 * {@link RefusedError} where the process has none.
 */
export function openDevice(none: NoTerminal): ReadStream {
  const stream = streamOn(openFor(none), ReadStream);
  stream.on('error', () => {}); // a terminal that is gone: 'close' and SIGHUP tell
  return stream;
}

/** Throws {@link RefusedError} where the process has no terminal. */
export function requireDevice(none: NoTerminal): void {
  closeSync(openFor(none));
}

/** Of terminals without a size, or of one that is gone, 80×24. */
export function sizeOfDevice(): Size {
  try {
    const probe = streamOn(openSync(DEVICE, 'w'), WriteStream); // it learns its size once, when it is made
    const { columns, rows } = probe;
    probe.destroy();
    return { cols: within(columns, 80), rows: within(rows, 24) };
  } catch {
    return { cols: 80, rows: 24 };
  }
}

/**
 * Writes to the terminal and is done when it returns; nothing where the terminal is gone. Not for ever: where it stands
 * still, what it does not take is given up.
 */
export function writeInTime(text: string): void {
  try {
    const file = openSync(DEVICE, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      let left = Buffer.from(text);
      for (let tries = 0; left.length > 0 && tries < MOST_TRIES; tries += 1) {
        if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
        left = left.subarray(writtenTo(file, left));
      }
    } finally {
      closeSync(file);
    }
  } catch {
    // nobody is there to see it
  }
}

/** How many bytes it took: none while it is full. */
function writtenTo(file: number, bytes: Buffer): number {
  try {
    return writeSync(file, bytes);
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return 0;
    throw error;
  }
}

function openFor({ message, hint }: NoTerminal): number {
  try {
    return openSync(DEVICE, 'r+');
  } catch (error) {
    throw new RefusedError(message, { ...(hint !== undefined && { hint }), cause: error });
  }
}

/**
 * For a stream, the terminal is opened once more, so that what is set on it holds for nobody else; it closes only that. The
 * file it was made with is closed here, except where the stream had to make do with it.
 */
function streamOn<Stream>(file: number, kind: new (file: number) => Stream): Stream {
  let own: number | undefined;
  try {
    const stream = new kind(file);
    own = (stream as { readonly _handle?: { readonly fd: number } })._handle?.fd;
    return stream;
  } finally {
    if (own !== file) closeSync(file);
  }
}

function within(value: number, fallback: number): number {
  return value >= 1 ? Math.min(value, 1000) : fallback;
}
