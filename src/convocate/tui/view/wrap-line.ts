import { columnsOf } from '../../../base/text-columns.ts';
import { type Line, type Span, type Style, span } from './line.ts';
import { widthOfLine } from './line-width.ts';
import { charactersOf } from './text-width.ts';

const WORDS = /[^ ]+| +/g;

/**
 * `line` in lines of at most `cols`, broken between words, and a longer word where it must be. Spaces at which it is broken
 * are left out. Takes time by its length alone: a program may print a megabyte in one line.
 */
export function wrapLine(line: Line, cols: number): readonly Line[] {
  if (widthOfLine(line) <= cols) return [line];
  const wrapped = new WrappedLines(Math.max(1, cols));
  for (const { text, style } of line)
    for (const word of text.match(WORDS) ?? []) {
      if (word.startsWith(' ')) wrapped.addSpaces(word, style);
      else wrapped.addWord(word, style);
    }
  return wrapped.lines;
}

class WrappedLines {
  readonly lines: Span[][] = [[]];
  readonly #cols: number;
  #left: number;

  constructor(cols: number) {
    this.#cols = cols;
    this.#left = cols;
  }

  addSpaces(spaces: string, style: Style): void {
    const fitting = spaces.slice(0, this.#left);
    if (fitting !== '') this.#add(fitting, fitting.length, style);
  }

  addWord(word: string, style: Style): void {
    const width = columnsOf(word);
    if (width > this.#left && this.#left < this.#cols) this.#startLine();
    if (width <= this.#left) this.#add(word, width, style);
    else this.#addBroken(word, style);
  }

  #addBroken(word: string, style: Style): void {
    let part = '';
    let partCols = 0;
    for (const character of charactersOf(word)) {
      const width = columnsOf(character);
      if (partCols + width > this.#cols) {
        this.#add(part, partCols, style);
        this.#startLine();
        part = '';
        partCols = 0;
      }
      if (width > this.#cols) continue; // half of a wide character cannot be shown
      part += character;
      partCols += width;
    }
    this.#add(part, partCols, style);
  }

  #add(text: string, width: number, style: Style): void {
    const line = this.lines.at(-1) ?? [];
    const last = line.at(-1);
    if (last?.style === style) line[line.length - 1] = span(last.text + text, style);
    else line.push(span(text, style));
    this.#left -= width;
  }

  #startLine(): void {
    this.lines.push([]);
    this.#left = this.#cols;
  }
}
