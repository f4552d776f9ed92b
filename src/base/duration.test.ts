import { expect, test } from 'vitest';
import { durationMs } from './duration.ts';

test.each([
  ['0', 0],
  ['90', 90_000],
  ['10s', 10_000],
  ['007m', 420_000],
  ['2h', 7_200_000],
  ['24d', 2_073_600_000],
  ['9999999d', 863_999_913_600_000],
])('%s is %i ms', (text, timeMs) => {
  expect(durationMs(text)).toBe(timeMs);
});

test.each(['', 's', '-1', '1.5', '1m30s', '10 s', '10S', '10ms', '10s\n', '1w', '10000000'])(
  '%j is none',
  (text) => {
    expect(durationMs(text)).toBeUndefined();
  },
);
