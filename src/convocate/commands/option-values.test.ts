import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { parseDuration, wholeNumber } from './option-values.ts';

test.each([
  ['0', 0],
  ['90s', 90_000],
  ['24d', 2_073_600_000],
])('%s is %i ms', (text, timeMs) => {
  expect(parseDuration(text)).toBe(timeMs);
});

test.each(['', '1.5m', '25d', '2073601', '9999999h'])('%j is no time', (text) => {
  const message = 'give a time such as 30s, 5m, 2h or 1d, up to 24d';
  expect(() => parseDuration(text)).toThrow(new InvalidArgumentError(message));
});

test.each(['1', '07', '10'])('%s is from 1 to 10', (text) => {
  expect(wholeNumber(1, 10)(text)).toBe(Number(text));
});

test.each(['', '0', '11', '-1', '1.5', '1e1', ' 1', 'x'])('%j is not', (text) => {
  expect(() => wholeNumber(1, 10)(text)).toThrow('give a number from 1 to 10');
});
