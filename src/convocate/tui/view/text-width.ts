import { columnsOf } from '../../../base/text-columns.ts';
import { printable } from '../../commands/printable.ts';

let segmenter: Intl.Segmenter | undefined;
const PLAIN = /^[ -~]*$/;
const CUT = '…';

/** Characters as people see them: a letter with its marks, or an emoji of several code points, is one. */
export function charactersOf(text: string): string[] {
  if (PLAIN.test(text)) return text.split('');
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
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
  for (const character of charactersOf(text)) {
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

/** `text` broken between words into lines of at most `cols`; a longer word is broken where it must be. */
export function wrapTo(text: string, cols: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= cols) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columnsOf(line) > cols && cols > 1) {
      const head = headOf(line, cols);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}
