import { expect, test } from 'vitest';
import { GrowingRest } from './growing-rest.ts';

/** The rests of what comes again so long after each of them. */
function restsOf(rest: GrowingRest, gapsMs: readonly number[], startMs = 0): number[] {
  let nowMs = startMs;
  return gapsMs.map((gapMs) => {
    nowMs += gapMs;
    const lengthMs = rest.begin(nowMs);
    nowMs += lengthMs;
    rest.end(nowMs);
    return lengthMs;
  });
}

test('a few in a row are rested after shortly, more of them longer and longer, up to half a second', () => {
  const gaps = Array.from({ length: 14 }, () => 10);
  expect(restsOf(new GrowingRest(), gaps)).toEqual([
    ...[50, 50, 50, 50, 50, 50, 50, 50],
    ...[100, 200, 400, 500, 500, 500],
  ]);
});

test('what comes now and then is rested after shortly for ever', () => {
  const gaps = Array.from({ length: 50 }, () => 500);
  expect(new Set(restsOf(new GrowingRest(), gaps))).toEqual(new Set([50]));
});

test('after half a second of quiet it begins anew', () => {
  const inARow = Array.from({ length: 12 }, () => 0);
  expect(restsOf(new GrowingRest(), [...inARow, 499, 500, 0]).slice(-4)).toEqual([500, 500, 50, 50]);
});
