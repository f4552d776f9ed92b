import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** What a timer can hold is a little more than 24 days. */
const MOST_MS = 24 * 86_400_000;

/** `90`, `90s`, `5m`, `2h`, `1d`: gives milliseconds, at most 24 days. For an option of commander. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,7})([smhd]?)$/.exec(text);
  const timeMs = Number(match?.[1]) * (UNIT_MS[match?.[2] || 's'] ?? Number.NaN);
  if (timeMs <= MOST_MS) return timeMs;
  throw new InvalidArgumentError('give a time such as 30s, 5m, 2h or 1d, up to 24d');
}

/** A whole number from `min` to `max`, for an option of commander. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`give a number from ${min} to ${max}`);
  };
}
