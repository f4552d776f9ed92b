import { expect, test } from 'vitest';
import { endThatFits } from './fit-json.ts';

test.each([
  ['a\nb\nc', 100, 'a\nb\nc'],
  ['a\nb\nc', 7, 'a\nb\nc'],
  ['a\nb\nc', 6, 'b\nc'],
  ['a\nb\nc', 4, 'b\nc'],
  ['a\nb\nc', 3, 'c'],
  ['long line\nb', 5, 'b'],
  ['one long line', 4, 'line'],
  ['a\n\u001b[1m', 9, '\u001b[1m'],
  ['a\n\u001b[1m', 8, '[1m'],
  ['ä😀', 4, '😀'],
  ['ä😀', 3, ''],
  ['a\n', 2, ''],
  ['', 0, ''],
])('of %j in %i bytes: %j', (text, maxBytes, end) => {
  expect(endThatFits(text, maxBytes)).toBe(end);
  expect(Buffer.byteLength(JSON.stringify(end)) - 2).toBeLessThanOrEqual(maxBytes);
});
