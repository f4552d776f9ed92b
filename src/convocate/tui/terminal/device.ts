import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';
import { RefusedError } from '../../../base/errors.ts';
import type { Size } from '../state.ts';

const DEVICE = '/dev/tty';

/**
 * The operator's terminal, keys in and screen out. One ReadStream both ways: a tty.WriteStream would stop the whole
 * program, its keys too, on a terminal that is slow. Throws RefusedError where the process has none.
 */
export function openDevice(): ReadStream {
  const stream = new ReadStream(open('r+'));
  stream.on('error', () => {}); // a terminal that is gone: 'close' tells
  return stream;
}

/** Terminals without a size say 0. */
export function sizeOfDevice(): Size {
  const probe = new WriteStream(open('w')); // it learns its size once, when it is made
  const { columns, rows } = probe;
  probe.destroy();
  return { cols: columns >= 1 ? columns : 80, rows: rows >= 1 ? rows : 24 };
}

/** Writes to the terminal and is done when it returns; nothing where the terminal is gone. */
export function writeNow(text: string): void {
  try {
    const file = openSync(DEVICE, 'w');
    try {
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
  } catch {
    // nobody is there to see it
  }
}

function open(flags: 'r+' | 'w'): number {
  try {
    return openSync(DEVICE, flags);
  } catch (error) {
    throw new RefusedError('the terminal UI needs a terminal, and there is none here', {
      hint: 'log in with a terminal (`ssh -t`), or use `convocate ls` in scripts',
      cause: error,
    });
  }
}
