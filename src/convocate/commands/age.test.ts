import { expect, test } from 'vitest';
import { ageOf } from './age.ts';

test.each([
  [0, '0s'],
  [-5_000, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_599_999, '59m'],
  [3_600_000, '1h'],
  [86_399_999, '23h'],
  [86_400_000 * 12, '12d'],
])('%i ms is %s', (ms, text) => {
  expect(ageOf('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:00Z') + ms)).toBe(text);
});

test('an empty time is unknown', () => {
  expect(ageOf('', 0)).toBe('-');
});
