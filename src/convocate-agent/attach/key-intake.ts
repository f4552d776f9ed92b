import type { Writable } from 'node:stream';
import { ATTACH } from '../../protocol/attach.ts';
import { FrameError } from '../../protocol/attach-frames.ts';

/** An acknowledgement frees memory at the client; until it is of this many bytes, nobody waits for it. */
const EAGER_BYTES = 8 * 1024;

export type Acknowledge = (offset: number, eagerly: boolean) => void;

/**
 * Passes keys on to a terminal, each once and in order, and says how many it has taken. None before {@link open}: what is
 * typed while tmux sets its terminal up may be thrown away.
 */
export class KeyIntake {
  readonly #terminal: Writable;
  readonly #acknowledge: Acknowledge;
  #taken = 0;
  #written = 0;
  #acknowledged = 0;

  constructor(terminal: Writable, acknowledge: Acknowledge) {
    this.#terminal = terminal;
    this.#acknowledge = acknowledge;
    terminal.cork();
  }

  /** The terminal has drawn. */
  open(): void {
    this.#terminal.uncork(); // of one that is open already: nothing
  }

  /** Bytes of keys that are taken: whoever comes back goes on behind them. */
  get taken(): number {
    return this.#taken;
  }

  /** Throws {@link FrameError} where more comes than the terminal takes: a client waits for acknowledgements. */
  take(keys: Buffer): void {
    this.#taken += keys.length;
    if (this.#taken - this.#written > 2 * ATTACH.keysBytes)
      throw new FrameError('more keys came than may be on their way');
    if (!this.#terminal.writable) return;
    this.#terminal.write(keys, () => this.#wrote(keys.length));
  }

  #wrote(length: number): void {
    this.#written += length;
    const eagerly = this.#written - this.#acknowledged >= EAGER_BYTES;
    if (eagerly) this.#acknowledged = this.#written;
    this.#acknowledge(this.#written, eagerly);
  }
}
