import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { parseDuration, parseRate } from './options.ts';

test.each([
  ['80000', 80_000],
  ['500k', 500_000],
  ['2M', 2_000_000],
  ['1.5m', 1_500_000],
  ['1G', 1_000_000_000],
])('a rate of %s is %i bytes per second', (text, rate) => {
  expect(parseRate(text)).toBe(rate);
});

test.each(['', '0', '-1', '999', '0.5k', 'fast', '2MB', '2 M', '1e6', 'k', 'NaN', 'Infinity', '2M/s'])(
  'no rate: %j',
  (text) => {
    expect(() => parseRate(text)).toThrow(InvalidArgumentError);
  },
);

test.each([
  ['10s', 10_000],
  ['2m', 120_000],
  ['90', 90_000],
])('a time of %s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
