import type { Command } from './key-table.ts';

/** A line of text that is being typed. */
export interface TypedText {
  readonly value: string;
  /** Position in UTF-16 units, always at the edge of a character as people see it. */
  readonly cursor: number;
}

/** The longest text that the contract takes, in UTF-16 units: the command of a session. */
export const MOST_TYPED = 4_096;
export const TOO_LONG = `a line holds ${MOST_TYPED} characters; this was too much, and nothing of it was put in`;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What an editing key does to a line; undefined for a command that edits no text. */
export function editText(
  text: TypedText,
  command: Command<'filter' | 'form'> | undefined,
): TypedText | undefined {
  const { value, cursor } = text;
  switch (command) {
    case 'left':
      return { value, cursor: edgeBefore(value, cursor) };
    case 'right':
      return { value, cursor: edgeAfter(value, cursor) };
    case 'home':
      return { value, cursor: 0 };
    case 'end':
      return { value, cursor: value.length };
    case 'backspace':
      return without(value, edgeBefore(value, cursor), cursor);
    case 'delete':
      return without(value, cursor, edgeAfter(value, cursor));
    case 'clear':
      return without(value, 0, cursor);
    default:
      return undefined;
  }
}

/**
 * `added` put in at the cursor. Pasted text loses its line ends and other control characters: a field is one line.
 * Undefined where the line would be longer than {@link MOST_TYPED}: cut in silence, it would say something else.
 */
export function insertText({ value, cursor }: TypedText, added: string): TypedText | undefined {
  const more = oneLine(added);
  if (value.length + more.length > MOST_TYPED) return undefined;
  const before = value.slice(0, cursor) + more;
  return atEdge(before + value.slice(cursor), before.length);
}

function oneLine(text: string): string {
  const pasted = text.length > 1 ? text.trim() : text;
  return pasted.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(/\p{Cc}/gu, '');
}

function without(value: string, from: number, to: number): TypedText {
  return atEdge(value.slice(0, from) + value.slice(to), from);
}

/** What is joined may make one character of two: then the cursor stands behind it. */
function atEdge(value: string, position: number): TypedText {
  if (position === 0 || position === value.length) return { value, cursor: position };
  return { value, cursor: edgeAfter(value, position - 1) };
}

function edgeBefore(value: string, position: number): number {
  let edge = 0;
  for (const { index } of segmenter.segment(value)) {
    if (index >= position) break;
    edge = index;
  }
  return edge;
}

function edgeAfter(value: string, position: number): number {
  for (const { index } of segmenter.segment(value)) if (index > position) return index;
  return value.length;
}
