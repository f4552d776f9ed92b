import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../base/errors.ts';
import type { Rollout } from '../rollout.ts';
import { confirmOption, openRollout, parseRate, quietRollout, soakOption, toOption } from './options.ts';

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

test.each([soakOption(), confirmOption()])('$long takes a time, and nothing else', (option) => {
  expect(option.parseArg?.('90', undefined)).toBe(90_000);
  expect(option.parseArg?.('2h', undefined)).toBe(7_200_000);
  expect(() => option.parseArg?.('2 h', undefined)).toThrow(
    new InvalidArgumentError('give a time such as 10s or 2m'),
  );
});

test('--to takes what may be a version, before any host is asked', () => {
  expect(toOption().parseArg?.('v1.2.0', undefined)).toBe('v1.2.0');
  for (const text of ['', '../x', 'a b', '-v1', 'v1/..'])
    expect(() => toOption().parseArg?.(text, undefined)).toThrow(
      new InvalidArgumentError('that is no version; see: convocate-host releases'),
    );
});

const opened = (soak: number, confirmTimeout: number): Rollout =>
  openRollout({ host: 'agent-a', soak, confirmTimeout });

describe('the time to confirm a rollout', () => {
  test('must leave 5 s beyond the soak, which is part of it', () => {
    expect(opened(10_000, 15_000).options).toEqual({ soakMs: 10_000, confirmMs: 15_000 });
    expect(() => opened(10_000, 14_999)).toThrow(
      new UsageError('--confirm-timeout must be at least 5 s longer than --soak, which is part of it'),
    );
    expect(() => opened(0, 4_999)).toThrow(UsageError);
  });

  test('is a day at most, which is what a host takes', () => {
    expect(confirmOption().parseArg?.('1d', undefined)).toBe(86_400_000);
    for (const text of ['1441m', '86401', '2d'])
      expect(() => confirmOption().parseArg?.(text, undefined)).toThrow(
        new InvalidArgumentError('a host waits for a day at most: 1d'),
      );
  });

  test('does so by default', () => {
    const defaults = [soakOption(), confirmOption()].map((option) => option.defaultValue as number);
    expect(defaults).toEqual([10_000, 60_000]);
  });

  test('matters to nobody who only looks', () => {
    expect(quietRollout({ host: 'agent-a', user: 'anna' })).toMatchObject({
      hostName: 'agent-a',
      user: 'anna',
    });
  });
});
