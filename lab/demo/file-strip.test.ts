import { expect, test } from 'vitest';
import { fileStrip, longestPause, writtenWithin } from './file-strip.ts';

const written = [500, 1200, 1300, 4900, 9000];

test('shows how many files each step of the time saw', () => {
  expect(fileStrip(written, 0, 5000, 1000)).toBe('▂▄··▂');
});

test('counts what lies in the span, and its longest pause from edge to edge', () => {
  expect(writtenWithin(written, 0, 5000)).toBe(4);
  expect(longestPause(written, 0, 5000)).toBe(3600);
  expect(longestPause([], 0, 5000)).toBe(5000);
});
