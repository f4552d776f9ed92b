/** One change makes several notices. */
const SHORT_MS = 50;
/** What a session does is told within about a second of it; this leaves half of that to the rest of the way. */
const LONG_MS = 500;
/** A program at work makes some; only one that goes on is slowed down. */
const SHORT_RESTS = 8;

/**
 * How long to rest after something that may come as fast as a stranger likes: short, and longer and longer where it
 * comes again as soon as it may. Half a second without it, and it counts as the first again. Times are those of one clock.
 */
export class GrowingRest {
  #inARow = 0;
  #overAtMs = -Infinity;

  /** It came: the length of the rest that begins. */
  begin(nowMs: number): number {
    this.#inARow = nowMs - this.#overAtMs < LONG_MS ? this.#inARow + 1 : 1;
    return Math.min(LONG_MS, SHORT_MS * 2 ** Math.max(0, this.#inARow - SHORT_RESTS));
  }

  /** The rest is over, which may be later than it was to be. */
  end(nowMs: number): void {
    this.#overAtMs = nowMs;
  }
}
