import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('doubles from 1 s to 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 5000].map((attempt) => backoffMs(attempt, () => 0))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test('is shortened by up to half at random', () => {
  expect([0, 0.5, 1].map((random) => backoffMs(2, () => random))).toEqual([4_000, 3_000, 2_000]);
});
