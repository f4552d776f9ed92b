import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('doubles from 1 s to 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 5000].map((failures) => backoffMs(failures, 0))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test('less the share that chance takes off', () => {
  expect([0, 0.25, 0.5].map((off) => backoffMs(2, off))).toEqual([4_000, 3_000, 2_000]);
  expect(backoffMs(10, 0.999 / 4)).toBe(22_508);
});
