import { closeSync, openSync, writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import { RefusedError } from '../../base/errors.ts';
import { runCommand } from '../../base/run-command.ts';
import { writeLast } from './write-last.ts';

const DEVICE = '/dev/tty';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** The operator's terminal, opened anew: what reads here is gone for good when it is closed. */
export interface OwnTerminal {
  /** Keys in, screen out. A slow screen never holds up the keys. */
  readonly stream: Duplex;
  /** The size now. */
  size(): Size;
  /** From now on every key and every byte passes as it is. */
  makeRaw(): Promise<void>;
  /** Shows `last` and gives the terminal back as it was. */
  close(last: string): Promise<void>;
  /** As {@link close}, at once and with what is at hand: for an exit that nobody expected. */
  closeNow(last: string): void;
}

/** Throws {@link RefusedError} where the process has no terminal. */
export function requireTerminal(): void {
  closeSync(openDevice('r'));
}

export function openOwnTerminal(): OwnTerminal {
  // One ReadStream both ways: a tty.WriteStream would block the whole program, its keys too, on a terminal that is slow.
  const stream = new ReadStream(openDevice('r+'));
  stream.on('error', () => {}); // a terminal that is gone: 'close' and SIGHUP tell
  const restore = (): void => {
    if (stream.destroyed) return;
    stream.setRawMode(false);
    stream.destroy();
  };
  return {
    stream,
    size: currentSize,
    makeRaw: async () => {
      stream.setRawMode(true);
      // Node leaves output processing on: each line feed would become a carriage return too, and break the screen.
      await runCommand(['stty', '-F', DEVICE, '-opost'], { timeoutMs: 5_000 });
    },
    close: async (last) => {
      if (!stream.destroyed) await writeLast(stream, last);
      restore();
    },
    closeNow: (last) => {
      if (stream.destroyed) return;
      try {
        writeSync(openDevice('w'), last);
      } catch {
        // the terminal is gone
      }
      restore();
    },
  };
}

/** A stream learns its size once, when it is made. */
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

function openDevice(flags: 'r' | 'w' | 'r+'): number {
  try {
    return openSync(DEVICE, flags);
  } catch (error) {
    throw new RefusedError('a session can be attached only from a terminal, and there is none here', {
      hint: 'log in with a terminal (`ssh -t`), or use `convocate new --start` in scripts',
      cause: error,
    });
  }
}
