import { columnsOf } from '../../../base/text-columns.ts';
import { type Line, type Style, span } from './line.ts';
import { charactersOf, headOf, safe } from './text-width.ts';

/**
 * A text that is being typed, in `cols` columns: the character at `cursor` (in UTF-16 units) is reversed, and where the
 * text is longer than the room, the part around the cursor is shown.
 */
export function editedText(value: string, cursor: number, cols: number, style: Style): Line {
  const before = charactersOf(safe(value.slice(0, cursor)));
  const [at = ' ', ...after] = charactersOf(safe(value.slice(cursor)));
  const head = tailOf(before, cols - columnsOf(at));
  const room = Math.max(0, cols - columnsOf(head) - columnsOf(at));
  return [
    span(head, style),
    span(at, { ...style, inverse: true }),
    span(headOf(after.join(''), room), style),
  ];
}

/** As many of the last characters as fit into `cols`, found from the end: what is far before the cursor costs nothing. */
function tailOf(characters: readonly string[], cols: number): string {
  let start = characters.length;
  for (let left = cols; start > 0; start -= 1) {
    left -= columnsOf(characters[start - 1] ?? '');
    if (left < 0) break;
  }
  return characters.slice(start).join('');
}
