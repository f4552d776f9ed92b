import { cutSequence } from './cut-sequence.ts';

const ESC = '\u001b';
const ENTER_ALTERNATE = `${ESC}[?1049h`;
const LEAVE_ALTERNATE = `${ESC}[?1049l`;
/** So much of the last output is looked at for a sequence that is not whole; tmux sends titles and clipboards, no books. */
const TAIL_BYTES = 4096;

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
  '[r', // the whole screen scrolls
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
  #tail = Buffer.alloc(0);

  follow(output: Uint8Array): void {
    const seam = this.#tail.subarray(-(ENTER_ALTERNATE.length - 1));
    const bytes = Buffer.concat([seam, output]);
    const entered = bytes.lastIndexOf(ENTER_ALTERNATE);
    const left = bytes.lastIndexOf(LEAVE_ALTERNATE);
    if (entered !== left) this.#alternate = entered > left;
    this.#tail =
      output.length >= TAIL_BYTES
        ? bytes.subarray(-TAIL_BYTES)
        : Buffer.concat([this.#tail, output]).subarray(-TAIL_BYTES);
  }

  /** The control sequence or character that the output stopped in the middle of, so far as it came. */
  get cut(): Uint8Array {
    return cutSequence(this.#tail);
  }

  /** What to write to have the operator's own screen back. */
  restoring(): string {
    // Leaving a screen twice would put the cursor back over what was printed since.
    return `${PLAIN_MODES}${this.#alternate ? LEAVE_ALTERNATE : ''}`;
  }
}
