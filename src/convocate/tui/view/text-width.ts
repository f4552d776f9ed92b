import { columnsOf } from '../../../base/text-columns.ts';
import { printable } from '../../commands/printable.ts';

let segmenter: Intl.Segmenter | undefined;
const PLAIN = /^[ -~]*$/;
const CUT = '…';

/** Characters as people see them: a letter with its marks, or an emoji of several code points, is one. */
export function charactersOf(text: string): string[] {
  return Array.from(charactersIn(text));
}

/** One after the other, for who may not want them all. */
function* charactersIn(text: string): Generator<string, void, undefined> {
  if (PLAIN.test(text)) {
    yield* text;
    return;
  }
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** Text from elsewhere, on one line and safe to draw. */
export function safe(text: string): string {
  return PLAIN.test(text) ? text : printable(text.replaceAll(/[\t\r\n]+/g, ' ')).toWellFormed();
}

/** The longest beginning of `text` that fits into `cols`; a wide character that does not fit whole is left out. */
export function headOf(text: string, cols: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, cols));
  if (columnsOf(text) <= cols) return text;
  let taken = '';
  let width = 0;
  for (const character of charactersIn(text)) {
    width += columnsOf(character);
    if (width > cols) break;
    taken += character;
  }
  return taken;
}

/** `text`, or as much of it as fits with an ellipsis behind. */
export function cutTo(text: string, cols: number): string {
  if (columnsOf(text) <= cols) return text;
  return cols <= 0 ? '' : `${headOf(text, cols - 1)}${CUT}`;
}

/** Exactly `cols` columns: cut, or filled up with spaces. */
export function fitTo(text: string, cols: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, cols);
  const fill = ' '.repeat(Math.max(0, cols - columnsOf(cut)));
  return align === 'left' ? cut + fill : fill + cut;
}

/**
 * `text` broken between words into lines of at most `cols`; a longer word is broken where it must be. No more than `rows`
 * of them, and no more work than those take: it is done for each frame.
 */
export function wrapTo(text: string, cols: number, rows = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  for (const line of wrapped(text, cols)) {
    if (lines.length >= rows) break;
    lines.push(line);
  }
  return lines;
}

function* wrapped(text: string, cols: number): Generator<string, void, undefined> {
  let line = '';
  let isFirst = true;
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= cols) {
      line = longer;
      continue;
    }
    for (const piece of piecesOf(word, cols)) {
      if (line !== '') {
        yield line;
        isFirst = false;
      }
      line = piece;
    }
  }
  if (line !== '' || isFirst) yield line;
}

/** A word that fills more than a line; where not one wide character fits into one, it stays whole. */
function* piecesOf(word: string, cols: number): Generator<string, void, undefined> {
  let piece = '';
  let width = 0;
  for (const character of charactersIn(word)) {
    const own = columnsOf(character);
    if (width + own > cols && cols > 1) {
      yield piece;
      piece = '';
      width = 0;
    }
    piece += character;
    width += own;
  }
  yield piece;
}
