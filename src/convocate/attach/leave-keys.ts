const CTRL_B = 0x02;
const CTRL_C = 0x03;
const DETACH = new Set([0x44, 0x64]); // D, d
const INTERRUPTS = 3;
/** Of the mouse and of the focus, and answers of the terminal: nobody's keys. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const REPORT = /\u001b(?:\[<[\d;]*[Mm]|\[[IO]|[\]P_^X][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/**
 * Knows the keys that leave a session whose connection is lost: then nobody else is there to take them. Ctrl-B D is what
 * tmux takes when it is there; Ctrl-C three times in a row is what people press who see nothing happen.
 */
export class LeaveKeys {
  #prefix = false;
  #interrupts = 0;
  #endedWithDetach = false;

  /** Ctrl-B D came last. Reports of the mouse and answers of the terminal may have come behind it. */
  get endedWithDetach(): boolean {
    return this.#endedWithDetach;
  }

  /**
   * How many keys the wish took, where one of `keys` completes it; else 0. Keys before, and while all was well, count too.
   */
  typed(keys: Uint8Array): number {
    let wish = 0;
    for (const key of withoutReports(keys)) {
      const isDetach = this.#prefix && DETACH.has(key);
      if (isDetach) wish = 2;
      this.#prefix = key === CTRL_B;
      this.#interrupts = key === CTRL_C ? this.#interrupts + 1 : 0;
      if (this.#interrupts === INTERRUPTS) wish = INTERRUPTS;
      this.#endedWithDetach = isDetach;
    }
    return wish;
  }

  /** Interrupts that the session got are none of those three. */
  forgetInterrupts(): void {
    this.#interrupts = 0;
  }
}

function withoutReports(keys: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(keys).toString('latin1').replace(REPORT, ''), 'latin1');
}
