/**
 * How much of a transfer may be under way: bytes that were sent and not acknowledged. Whatever buffers lie between here
 * and the file there, a cut costs no more than that.
 */
export class Window {
  readonly #limitBytes: number;
  #sent = 0;
  #acknowledged = 0;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Waits until `bytes` more fit, and counts them as sent; false where the other end is gone. For one sender. */
  async reserve(bytes: number): Promise<boolean> {
    while (!this.#isClosed && this.#sent + bytes - this.#acknowledged > this.#limitBytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#isClosed) return false;
    this.#sent += bytes;
    return true;
  }

  /** `totalBytes` of all that was sent have landed. */
  acknowledge(totalBytes: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, totalBytes);
    this.#wake?.();
  }

  /** Nobody is there any more to acknowledge anything. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }
}

export interface Clock {
  /** Milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Spreads bytes over time so that they never exceed a rate; a token bucket that holds one piece. Time that was lost
 * by waiting for something else is not made up for.
 */
class Pace {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  #freeAt = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number, clock: Clock = realClock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
  }

  /** Waits until a piece of this size may be sent. */
  async take(bytes: number): Promise<void> {
    const now = this.#clock.now();
    const at = Math.max(now, this.#freeAt);
    this.#freeAt = at + (bytes * 1000) / this.#bytesPerSecond;
    if (at > now) await this.#clock.sleep(at - now);
  }
}

/** Small enough for the window and for a steady line, large enough to cost nothing. */
export const PIECE_BYTES = 64 * 1024;
const LEAST_PIECE_BYTES = 1024;

/** Cuts what is to be sent into pieces of at most {@link PIECE_BYTES}, at `bytesPerSecond` where that is given. */
export async function* inPieces(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  bytesPerSecond?: number,
  clock?: Clock,
): AsyncGenerator<Buffer> {
  const pace = bytesPerSecond === undefined ? undefined : new Pace(bytesPerSecond, clock);
  // Ten pieces a second or more, so that a slow transfer flows and its progress can be seen.
  const tenth = Math.floor((bytesPerSecond ?? Number.POSITIVE_INFINITY) / 10);
  const size = Math.min(PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, tenth));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += size) {
      const piece = chunk.subarray(at, at + size);
      await pace?.take(piece.length);
      yield piece;
    }
  }
}
