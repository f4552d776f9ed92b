import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { parseDuration, wholeNumber } from './option-values.ts';

test.each([
  ['0', 0],
  ['90', 90_000],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['24d', 2_073_600_000],
])('%s is %i ms', (text, timeMs) => {
  expect(parseDuration(text)).toBe(timeMs);
});

test.each(['', 's', '-1', '1.5m', '25d', '1m30s', '5M', '5 m', '9999999h'])('%j is no time', (text) => {
  expect(() => parseDuration(text)).toThrow(InvalidArgumentError);
});

test.each(['1', '07', '10'])('%s is from 1 to 10', (text) => {
  expect(wholeNumber(1, 10)(text)).toBe(Number(text));
});

test.each(['', '0', '11', '-1', '1.5', '1e1', ' 1', 'x'])('%j is not', (text) => {
  expect(() => wholeNumber(1, 10)(text)).toThrow('give a number from 1 to 10');
});
