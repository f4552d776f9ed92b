const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/**
 * How long to wait before try number `failures + 1`: 1 s doubling to 30 s, less up to a quarter by chance, so that a
 * hundred agents do not come back to their shell all at once. `random` is from 0 up to 1.
 */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(FIRST_MS * 2 ** Math.min(failures, 16), MOST_MS);
  return Math.round(whole * (1 - random / 4));
}
