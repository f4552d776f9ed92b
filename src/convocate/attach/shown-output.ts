import type { Writable } from 'node:stream';
import { OperationError } from '../../base/errors.ts';
import { ATTACH } from '../../protocol/attach.ts';
import { FrameError } from '../../protocol/attach-frames.ts';
import type { ScreenModes } from './screen-modes.ts';

/** Nobody waits for an acknowledgement of less: a window is much larger. */
const EAGER_BYTES = 32 * 1024;

/**
 * Writes output to the operator's terminal and acknowledges what the terminal has taken: so the agent never sends more
 * than a window ahead of what the operator sees, however slow their terminal is.
 */
export class ShownOutput {
  readonly #screen: Writable;
  readonly #modes: ScreenModes;
  readonly #acknowledge: (offset: number, eagerly: boolean) => void;
  #count = { received: 0, written: 0, acknowledged: 0 };

  constructor(screen: Writable, modes: ScreenModes, acknowledge: (offset: number, eagerly: boolean) => void) {
    this.#screen = screen;
    this.#modes = modes;
    this.#acknowledge = acknowledge;
  }

  /** Bytes of this terminal's output that are shown, or about to be. */
  get received(): number {
    return this.#count.received;
  }

  /** Throws {@link FrameError} where the agent does not wait for acknowledgements. */
  show(bytes: Buffer): void {
    const count = this.#count;
    // Before it is counted: what is counted is not sent again.
    if (this.#waiting + bytes.length > 2 * ATTACH.windowBytes)
      throw new FrameError('more output came than may be on its way');
    count.received += bytes.length;
    this.#modes.follow(bytes);
    this.#screen.write(bytes, () => {
      count.written += bytes.length;
      if (count === this.#count) this.#wrote();
    });
  }

  /**
   * OperationError where the terminal takes nothing, as that of a laptop that sleeps: an agent that goes on sends another
   * window, which would have no room yet.
   */
  requireRoom(): void {
    if (this.#waiting > ATTACH.windowBytes) throw new OperationError('this terminal takes no output');
  }

  /** Bytes that the terminal has not taken. */
  get #waiting(): number {
    return this.#count.received - this.#count.written;
  }

  /** A new terminal counts from its own beginning. */
  restart(): void {
    this.#count = { received: 0, written: 0, acknowledged: 0 };
  }

  #wrote(): void {
    const count = this.#count;
    const eagerly = count.written - count.acknowledged >= EAGER_BYTES;
    if (eagerly) count.acknowledged = count.written;
    this.#acknowledge(count.written, eagerly);
  }
}
