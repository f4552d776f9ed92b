import { pollUntil } from '../../src/base/deadline.ts';
import { type RolloutRun, runUpdate } from '../e2e/support/rollout-run.ts';
import { waitUntilWhole } from './examine.ts';
import { pointShellAt } from './ready.ts';
import type { Site } from './site.ts';

/** The lock of an operator who is gone ends by itself within this time. */
const UNLOCKED_WITHIN_MS = 30_000;

export interface NextUpdate {
  readonly run: RolloutRun;
  /** Nothing here: it finished, and the host is whole on that release. */
  readonly wrong: readonly string[];
}

/** Rolls that release out, as an operator would after the trouble: once, unless a dead one's lock is still held. */
export async function finishNextUpdate(site: Site, version: string): Promise<NextUpdate> {
  await pointShellAt(site, version);
  let run = await runUpdate(site.shell, site.host);
  const isLocked = ({ exitCode, stderr }: RolloutRun): boolean =>
    exitCode === 3 && stderr.includes('another rollout is under way');
  const tryAgain = async (): Promise<true | undefined> => {
    if (isLocked(run)) run = await runUpdate(site.shell, site.host);
    return isLocked(run) ? undefined : true;
  };
  await pollUntil(tryAgain, { timeoutMs: UNLOCKED_WITHIN_MS, intervalMs: 1_000, what: 'the lock' }).catch(
    () => undefined,
  );
  if (run.exitCode !== 0) {
    return { run, wrong: [`the next update exited with ${run.exitCode}: ${run.stderr}`] };
  }
  const found = await waitUntilWhole(site, [version], performance.now());
  return { run, wrong: found.wrong.map((line) => `after the next update: ${line}`) };
}
