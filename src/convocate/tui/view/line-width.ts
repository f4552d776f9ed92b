import { columnsOf } from '../../../base/text-columns.ts';
import { type Line, type Span, span } from './line.ts';
import { charactersOf, headOf } from './text-width.ts';

export function widthOfLine(line: Line): number {
  return line.reduce((width, { text }) => width + columnsOf(text), 0);
}

/** At most `cols` columns of it. */
export function headOfLine(line: Line, cols: number): Line {
  const head: Span[] = [];
  let left = cols;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const cut = headOf(text, left);
    if (cut !== '') head.push({ text: cut, style });
    if (cut.length < text.length) break;
    left -= columnsOf(cut);
  }
  return head;
}

/** Exactly `cols` columns: cut, or filled up with spaces. */
export function fitLine(line: Line, cols: number): Line {
  const head = headOfLine(line, cols);
  const missing = cols - widthOfLine(head);
  return missing > 0 ? [...head, span(' '.repeat(missing))] : head;
}

/** What stands from column `from` on; half of a wide character that was cut through becomes a space. */
export function tailOfLine(line: Line, from: number): Line {
  const tail: Span[] = [];
  let at = 0;
  for (const { text, style } of line) {
    const width = columnsOf(text);
    if (at >= from) tail.push({ text, style });
    else if (at + width > from) tail.push({ text: tailOf(text, from - at), style });
    at += width;
  }
  return tail;
}

/** `left` and `right` at the two ends of `cols` columns; where they do not fit, `right` stays and `left` is cut. */
export function spread(left: Line, right: Line, cols: number): Line {
  const room = cols - widthOfLine(right);
  return room <= 0 ? headOfLine(right, cols) : [...fitLine(left, room), ...right];
}

function tailOf(text: string, from: number): string {
  let at = 0;
  let tail = '';
  for (const character of charactersOf(text)) {
    const width = columnsOf(character);
    if (at >= from) tail += character;
    else if (at + width > from) tail += ' '.repeat(at + width - from);
    at += width;
  }
  return tail;
}
