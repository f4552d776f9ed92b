import { beforeAll, expect, test } from 'vitest';
import { editedText } from './edited-text.ts';
import { exactColumns } from './exact-columns-fixture.ts';
import { textOf } from './line.ts';

beforeAll(exactColumns);

/** The cursor's character in brackets. */
function shown(value: string, cursor: number, cols: number): string {
  return editedText(value, cursor, cols, {})
    .map(({ text, style }) => (style.inverse ? `[${text}]` : text))
    .join('');
}

test.each([
  ['abc', 3, 10, 'abc[ ]'],
  ['abc', 1, 10, 'a[b]c'],
  ['abcdef', 6, 4, 'def[ ]'],
  ['abcdef', 4, 4, 'bcd[e]'],
  ['abcdef', 0, 4, '[a]bcd'],
  ['日本語', 3, 4, '語[ ]'],
  ['日本語', 2, 6, '日本[語]'],
  ['e\u0301e\u0301', 4, 2, 'e\u0301[ ]'],
])('of %j with the cursor at %i, in %i columns, %j is seen', (value, cursor, cols, text) => {
  expect(shown(value, cursor, cols)).toBe(text);
  expect(textOf(editedText(value, cursor, cols, {}))).toBe(text.replace('[', '').replace(']', ''));
});
