import type { Duplex } from 'node:stream';
import { runCommand } from '../../base/run-command.ts';
import { DEVICE, type Size, openDevice, requireDevice, sizeOfDevice, writeInTime } from '../own-device.ts';
import { writeLast } from './write-last.ts';

const NO_TERMINAL = {
  message: 'a session can be attached only from a terminal, and there is none here',
  hint: 'log in with a terminal (`ssh -t`), or use `convocate new --start` in scripts',
};

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

/** Throws RefusedError where the process has no terminal. */
export function requireTerminal(): void {
  requireDevice(NO_TERMINAL);
}

export function openOwnTerminal(): OwnTerminal {
  const stream = openDevice(NO_TERMINAL);
  const restore = (): void => {
    if (stream.destroyed) return;
    stream.setRawMode(false);
    stream.destroy();
  };
  return {
    stream,
    size: sizeOfDevice,
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
      writeInTime(last);
      restore();
    },
  };
}
