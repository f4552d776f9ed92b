const CTRL_B = 0x02;
const CTRL_C = 0x03;
const DETACH = new Set([0x44, 0x64]); // D, d
const INTERRUPTS = 3;

/**
 * Knows the keys that leave a session whose connection is lost: then nobody else is there to take them. Ctrl-B D is what
 * tmux takes when it is there; Ctrl-C three times in a row is what people press who see nothing happen.
 */
export class LeaveKeys {
  #prefix = false;
  #interrupts = 0;
  #isComplete = false;

  /** The key that came last completed such a wish. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * How many keys the wish took, where one of `keys` completes it; else 0. Keys before, and while all was well, count too.
   */
  typed(keys: Uint8Array): number {
    let wish = 0;
    for (const key of keys) {
      const isDetach = this.#prefix && DETACH.has(key);
      if (isDetach) wish = 2;
      this.#prefix = key === CTRL_B;
      this.#interrupts = key === CTRL_C ? this.#interrupts + 1 : 0;
      if (this.#interrupts === INTERRUPTS) wish = INTERRUPTS;
      this.#isComplete = isDetach || this.#interrupts >= INTERRUPTS;
    }
    return wish;
  }

  /** Interrupts that the session got are none of those three. */
  forgetInterrupts(): void {
    this.#interrupts = 0;
  }
}
