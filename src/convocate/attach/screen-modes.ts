const ESC = '\u001b';
const ENTER_ALTERNATE = `${ESC}[?1049h`;
const LEAVE_ALTERNATE = `${ESC}[?1049l`;

/** Cursor shown, no mouse, no focus events, no bracketed paste, plain keys and colours: harmless where all is so. */
const PLAIN_MODES = [
  '[?25h',
  '[?1000l',
  '[?1002l',
  '[?1003l',
  '[?1006l',
  '[?1004l',
  '[?2004l',
  '[?1l',
  '>',
  '[0m',
]
  .map((sequence) => ESC + sequence)
  .join('');

/**
 * Follows terminal output to know on which screen it left us. A terminal that was cut off in the middle never said
 * goodbye; then its alternate screen, mouse and cursor modes would stay behind in the operator's shell.
 */
export class ScreenModes {
  #alternate = false;
  #tail = '';

  follow(output: Uint8Array): void {
    const text = this.#tail + Buffer.from(output).toString('latin1');
    const entered = text.lastIndexOf(ENTER_ALTERNATE);
    const left = text.lastIndexOf(LEAVE_ALTERNATE);
    if (entered !== left) this.#alternate = entered > left;
    this.#tail = text.slice(-(ENTER_ALTERNATE.length - 1));
  }

  /** What to write to have the operator's own screen back. */
  restoring(): string {
    // Leaving a screen twice would put the cursor back over what was printed since.
    return `${PLAIN_MODES}${this.#alternate ? LEAVE_ALTERNATE : ''}`;
  }
}
