/** Longer than people pause between two letters of what they type. */
const QUIET_MS = 500;

/**
 * Keys that were meant for a session which was gone before they came: somebody typed or pasted on, and here each letter
 * would be a command. They are dropped until the operator has paused, and so has seen where they are.
 */
export class StrayKeys {
  readonly #onFirst: () => void;
  #quietSinceMs: number;
  #isOver = false;
  #hasDropped = false;

  /** @param onFirst the first of them was dropped */
  constructor(nowMs: number, onFirst: () => void) {
    this.#quietSinceMs = nowMs;
    this.#onFirst = onFirst;
  }

  /** Whether keys that come now are to be dropped. */
  drops(nowMs: number): boolean {
    this.#isOver ||= nowMs - this.#quietSinceMs >= QUIET_MS;
    if (this.#isOver) return false;
    this.#quietSinceMs = nowMs;
    if (!this.#hasDropped) this.#onFirst();
    this.#hasDropped = true;
    return true;
  }
}
