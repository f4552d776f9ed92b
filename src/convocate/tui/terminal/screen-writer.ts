import type { Line } from '../view/line.ts';
import { encodeLine } from './encode-line.ts';

const CSI = '\u001b[';
/** Terminals that know it show the whole change at once; the others pass over it. */
const BEGIN_FRAME = `${CSI}?2026h`;
const END_FRAME = `${CSI}?2026l`;
const ERASE_SCREEN = `${CSI}2J`;
const ERASE_LINE = `${CSI}2K`;

/**
 * Knows what the terminal shows and writes the lines that are others now. Each line is addressed by its number and erased
 * before it is written, so that one the terminal measured differently never spoils another.
 */
export class ScreenWriter {
  #shown: readonly string[] | undefined;

  /** What is to be written to show `lines`; empty where they are shown already. */
  frame(lines: readonly Line[]): string {
    const wanted = lines.map(encodeLine);
    const shown = this.#shown?.length === wanted.length ? this.#shown : undefined;
    this.#shown = wanted;
    const changed = wanted
      .map((text, row) => (shown && text === shown[row] ? '' : `${CSI}${row + 1};1H${ERASE_LINE}${text}`))
      .join('');
    if (changed === '') return '';
    return `${BEGIN_FRAME}${shown ? '' : ERASE_SCREEN}${changed}${END_FRAME}`;
  }

  /** The terminal was used by someone else, or has another size: the next frame is a whole one. */
  forget(): void {
    this.#shown = undefined;
  }
}
