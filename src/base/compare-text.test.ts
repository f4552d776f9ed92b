import { expect, test } from 'vitest';
import { compareText } from './compare-text.ts';

test('by units: capitals come first, and nothing is equal but itself', () => {
  const ordered = ['', 'B', 'a', 'a', 'a10', 'a2', 'b', 'ä'];
  expect(['b', 'a', 'B', '', 'ä', 'a10', 'a2', 'a'].sort(compareText)).toEqual(ordered);
  expect(compareText('a', 'a')).toBe(0);
});
