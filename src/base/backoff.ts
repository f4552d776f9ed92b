const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait after `failures` failures before this one: 1 s doubling to 30 s, less the share `off` of it, from 0 up
 * to 1. By chance, that keeps those that went down together from coming back in step.
 */
export function backoffMs(failures: number, off: number): number {
  const wholeMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return Math.round(wholeMs * (1 - off));
}
