const ESC = 0x1b;
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
  #endWithDetach = false;

  /** Ctrl-B D came last. Reports of the mouse and answers of the terminal may have come behind it. */
  get endWithDetach(): boolean {
    return this.#endWithDetach;
  }

  /**
   * How many keys the wish took, where one of `keys` completes it; else 0. Keys before, and while all was well, count too.
   */
  typed(keys: Uint8Array): number {
    let wish = 0;
    const isReport = keys[0] === ESC && !keys.includes(CTRL_B);
    for (const key of keys) {
      const isDetach = this.#prefix && DETACH.has(key);
      if (isDetach) wish = 2;
      this.#prefix = key === CTRL_B;
      this.#interrupts = key === CTRL_C ? this.#interrupts + 1 : 0;
      if (this.#interrupts === INTERRUPTS) wish = INTERRUPTS;
      if (!isReport) this.#endWithDetach = isDetach;
    }
    return wish;
  }

  /** Interrupts that the session got are none of those three. */
  forgetInterrupts(): void {
    this.#interrupts = 0;
  }
}
