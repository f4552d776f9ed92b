import type { Writable } from 'node:stream';
import { ATTACH } from '../../protocol/attach.ts';
import { FrameError } from '../../protocol/attach-frames.ts';

/** An acknowledgement may wait this long for more keys; it frees memory at the client, nobody waits for it. */
const LAZY_MS = 20;
const EAGER_BYTES = 8 * 1024;

/** Passes keys on to a terminal, each once and in order, and says how many it has taken. */
export class KeyIntake {
  readonly #terminal: Writable;
  readonly #acknowledge: (offset: number) => void;
  #taken = 0;
  #written = 0;
  #acknowledged = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Writable, acknowledge: (offset: number) => void) {
    this.#terminal = terminal;
    this.#acknowledge = acknowledge;
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

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wrote(length: number): void {
    this.#written += length;
    if (this.#written - this.#acknowledged >= EAGER_BYTES) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), LAZY_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#acknowledged = this.#written;
    this.#acknowledge(this.#written);
  }
}
