import type { Writable } from 'node:stream';
import { ATTACH } from '../../protocol/attach.ts';
import { FrameError } from '../../protocol/attach-frames.ts';

/** An acknowledgement frees memory at the client; until it is of this many bytes, nobody waits for it. */
const EAGER_BYTES = 8 * 1024;

export type Acknowledge = (offset: number, eagerly: boolean) => void;

/**
 * Passes keys on to a terminal, each once and in order, and says how many it has taken. None before {@link open}: what is
 * typed while tmux sets its terminal up may be thrown away. Keys that did not get into the terminal are never acknowledged:
 * their client still has them, and sends them to the next one.
 */
export class KeyIntake {
  readonly #terminal: Writable;
  readonly #acknowledge: Acknowledge;
  #taken = 0;
  #written = 0;
  #acknowledged = 0;
  #closed = false;

  constructor(terminal: Writable, acknowledge: Acknowledge) {
    this.#terminal = terminal;
    this.#acknowledge = acknowledge;
    terminal.cork();
  }

  /** The terminal has drawn. */
  open(): void {
    if (!this.#closed) this.#terminal.uncork(); // of one that is open already: nothing
  }

  /**
   * The terminal is about to be taken away: what comes from now on, and what still waits for it to draw, is left to the next
   * one. What is in it already goes on being acknowledged.
   */
  close(): void {
    this.#closed = true;
  }

  /** Bytes of keys that are taken: whoever comes back goes on behind them. */
  get taken(): number {
    return this.#taken;
  }

  /** Throws {@link FrameError} where more comes than the terminal takes: a client waits for acknowledgements. */
  take(keys: Buffer): void {
    if (this.#closed || !this.#terminal.writable) return;
    if (this.#taken + keys.length - this.#written > 2 * ATTACH.keysBytes)
      throw new FrameError('more keys came than may be on their way');
    this.#taken += keys.length;
    this.#terminal.write(keys, (error) => {
      if (error) this.#taken -= keys.length;
      else this.#wrote(keys.length);
    });
  }

  #wrote(length: number): void {
    this.#written += length;
    const eagerly = this.#written - this.#acknowledged >= EAGER_BYTES;
    if (eagerly) this.#acknowledged = this.#written;
    this.#acknowledge(this.#written, eagerly);
  }
}
