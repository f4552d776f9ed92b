import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('one second, doubling to thirty', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map((failures) => backoffMs(failures, 0))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test('less up to a quarter by chance', () => {
  expect(backoffMs(10, 0.999)).toBe(22_508);
});
