import { InvalidArgumentError } from 'commander';
import { durationMs } from '../../base/duration.ts';

/** What a timer can hold is a little more than 24 days. */
const MOST_MS = 24 * 86_400_000;

/** See {@link durationMs}; at most 24 days. For an option of commander. */
export function parseDuration(text: string): number {
  const timeMs = durationMs(text);
  if (timeMs !== undefined && timeMs <= MOST_MS) return timeMs;
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
