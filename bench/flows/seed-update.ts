// The baseline: the flow of the seed's document by hand, on the same machines, with the same image.
import type { InstalledRelease } from '../cluster/bench-cluster.ts';
import { place } from '../cluster/on-machine.ts';
import type { Machine } from '../../lab/machine.ts';
import { type StepTime, stepTimes } from './step-times.ts';

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
  const timed = await place(shell, 'timed-lines.sh');
  const flow = await place(shell, 'seed-update.sh');
  await trustHost(shell, host);
  const argv = [timed, flow, release.version, host, release.folder];
  const { stdout } = await shell.run(argv, { timeoutMs: 15 * 60_000 });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => ({
      ms: Number(line.slice(0, line.indexOf(' '))) / 1000,
      title: line.slice(line.indexOf(' ') + 1),
    }));
  const end = lines.at(-1);
  const size = lines.find(({ title }) => title.startsWith('image-bytes '));
  if (!end || !size) throw new Error(`the seed's flow said nothing of its image:\n${stdout}`);
  const begins = lines
    .filter(({ title }) => title.startsWith('STEP '))
    .map(({ ms, title }) => ({ ms, title: title.slice('STEP '.length) }));
  return {
    answeredMs: end.ms,
    imageBytes: Number(size.title.slice('image-bytes '.length)),
    steps: stepTimes(begins, end.ms),
  };
}

/** ssh and scp by hand know a host from ~/.ssh/known_hosts. */
export async function trustHost(shell: Machine, host: string): Promise<void> {
  await shell.run(['ssh', '-o', 'StrictHostKeyChecking=accept-new', `ops@${host}`, 'true']);
}
