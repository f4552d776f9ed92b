import type { ReadStream } from 'node:tty';
import type { Size } from '../../own-device.ts';
import { openDevice, sizeOfDevice, writeInTime } from '../../own-device.ts';
import { type HeldOutput, holdOutput } from './hold-output.ts';
import { ENTER_SCREEN, LEAVE_SCREEN } from './screen-modes.ts';

export interface Listener {
  readonly onBytes: (bytes: Buffer) => void;
  /** All that was written has been taken; there is room for another frame. */
  readonly onFree: () => void;
  /** Nothing more can come from this terminal. */
  readonly onEnd: () => void;
}

const NO_TERMINAL = {
  message: 'the terminal UI needs a terminal, and there is none here',
  hint: 'log in with a terminal (`ssh -t`), or use `convocate ls` in scripts',
};

/** Ends a sequence that was cut off in the middle. */
const CANCEL = '\u0018';

/**
 * The operator's terminal as the UI has it: raw, on a screen of its own. It is opened anew each time it is taken, so that
 * between two times nothing of ours reads a key that is meant for someone else.
 */
export class UiTerminal {
  #stream: ReadStream | undefined;
  #held: HeldOutput | undefined;

  get isTaken(): boolean {
    return this.#stream !== undefined;
  }

  /** It has not taken what was written last: whoever draws now draws what is old when it is seen. */
  get isBusy(): boolean {
    return this.#stream?.writableNeedDrain ?? false;
  }

  /** Throws RefusedError where the process has no terminal. */
  take({ onBytes, onFree, onEnd }: Listener): void {
    const stream = openDevice(NO_TERMINAL);
    this.#stream = stream;
    this.#held = holdOutput();
    stream.setRawMode(true);
    stream.on('data', onBytes);
    stream.on('drain', onFree);
    stream.on('end', onEnd);
    stream.on('close', () => {
      if (this.#stream === stream) onEnd();
    });
    stream.write(ENTER_SCREEN); // before the first frame, also where the terminal stands still just now
  }

  /** Taken already, but the modes may have been changed by whoever stopped and woke us. */
  takeAgain(): void {
    this.#stream?.setRawMode(false); // what is set already is not set again
    this.#stream?.setRawMode(true);
    this.#stream?.write(ENTER_SCREEN);
  }

  write(text: string): void {
    if (text !== '') this.#stream?.write(text);
  }

  /** The size now; only while it is taken. */
  size(): Size | undefined {
    return this.#stream && sizeOfDevice();
  }

  /** Gives it back as it was; may be called twice, and from an exit handler. */
  leave(): void {
    const stream = this.#stream;
    if (!stream) return;
    this.#stream = undefined;
    if (!stream.destroyed) stream.setRawMode(false);
    const wasBusy = stream.writableLength > 0;
    stream.destroy();
    writeInTime((wasBusy ? CANCEL : '') + LEAVE_SCREEN);
    const held = this.#held?.release() ?? '';
    if (held !== '') process.stderr.write(held);
  }
}
