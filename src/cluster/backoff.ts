const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait before attempt `attempt` (0 for the first one after a failure): 1 s doubling to 30 s, less up to
 * half of it at random, so that agents that went down together do not come back in step.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const fullMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(fullMs * (1 - random() / 2));
}
