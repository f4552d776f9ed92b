// The baseline: the flow of the seed's document by hand, on the same machines, with the same image.
import type { InstalledRelease } from '../cluster/bench-cluster.ts';
import { place } from '../cluster/on-machine.ts';
import type { Machine } from '../../lab/machine.ts';
import { type StepTime, stepTimes } from './step-times.ts';
import { runTimed } from './timed-run.ts';

export interface SeedUpdate {
  /** From the first command to the agent's answer on the new version. */
  readonly answeredMs: number;
  /** The packed image, as it crosses the wire. */
  readonly imageBytes: number;
  readonly steps: readonly StepTime[];
}

/** Rolls `release` onto `host`, as root on the shell host; afterwards turnBack() makes the host ours again. */
export async function updateLikeSeed(
  shell: Machine,
  host: string,
  release: InstalledRelease,
): Promise<SeedUpdate> {
  const flow = await place(shell, 'seed-update.sh');
  await trustHost(shell, host);
  const { lines, wholeMs } = await runTimed(shell, [flow, release.version, host, release.folder]);
  const after = (word: string): { ms: number; title: string }[] =>
    lines
      .filter(({ text }) => text.startsWith(word))
      .map(({ ms, text }) => ({ ms, title: text.slice(word.length) }));
  const [size] = after('image-bytes ');
  if (!size) throw new Error(`the seed's flow said nothing of its image:\n${JSON.stringify(lines)}`);
  return {
    answeredMs: wholeMs,
    imageBytes: Number(size.title),
    steps: stepTimes(after('STEP '), wholeMs),
  };
}

/** ssh and scp by hand know a host from ~/.ssh/known_hosts. */
export async function trustHost(shell: Machine, host: string): Promise<void> {
  await shell.run(['ssh', '-o', 'StrictHostKeyChecking=accept-new', `ops@${host}`, 'true']);
}
