import type { RolloutRun } from '../e2e/support/rollout-run.ts';

/** What must be 0: each is a list of what was seen, in words. */
export interface Verdict {
  /** A session was restarted, or a home or key is another. */
  readonly lost: string[];
  /** The host is not whole on old or new in time, does not answer, or the next update does not finish. */
  readonly stranded: string[];
  /** What the operator was told is not what is. */
  readonly falseUpdated: string[];
}

export const clean = ({ lost, stranded, falseUpdated }: Verdict): boolean =>
  lost.length + stranded.length + falseUpdated.length === 0;

export interface Ended {
  readonly live: string;
  readonly target: string;
  /** The release that the host was found on, whole. */
  readonly found: string | undefined;
}

/** Holds what a run said, by its exit code and its result, against the release that the host is on. */
export function untruths(run: RolloutRun, { live, target, found }: Ended): string[] {
  const result = run.events.find(({ event }) => event === 'result');
  const said = `it exited with ${run.exitCode}${result ? ` and said ${String(result['outcome'])}` : ''}`;
  const must = (version: string): string[] =>
    found === version ? [] : [`${said}, and the host is on ${found}, not on ${version}`];
  if (run.exitCode === 0 && !result) return [`${said}, and gave no result`];
  if (result) return must(target);
  // Refused, or taken back; 1 and a kill leave it open.
  return run.exitCode === 3 || run.exitCode === 4 ? must(live) : [];
}

/**
 * Of two who want the same at once, one does it, and the other does it too, later, or is told who is at it. What is done
 * is a release that comes up (0), or one that does not and is taken back (4).
 */
export function untruthsOfTwo(first: RolloutRun, second: RolloutRun, done: 0 | 4): string[] {
  const told =
    /another rollout is under way on this host: held by \S+ on \S+ since \d{4}-\S+Z, logged in from \S+/;
  const runs = [first, second];
  const wrong = runs
    .filter(({ exitCode, stderr }) => exitCode !== done && !(exitCode === 3 && told.test(stderr)))
    .map(({ exitCode, stderr }) => `of two operators, one was told ${exitCode}: ${stderr}`);
  return runs.some(({ exitCode }) => exitCode === done)
    ? wrong
    : [...wrong, 'two operators, and neither came through'];
}
