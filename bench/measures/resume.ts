// A push of a large layer that is killed on its way and run again: what crosses the line beyond one push without a cut.
import { pollUntil } from '../../src/base/deadline.ts';
import { bigProgram as bigProgramPath, noise } from '../../test/e2e/support/big-program.ts';
import { startUpdate } from '../../test/e2e/support/rollout-run.ts';
import { AGENT_HOST } from '../../src/protocol/host-layout.ts';
import type { BenchCluster, InstalledRelease } from '../cluster/bench-cluster.ts';
import { countingWire } from '../cluster/wire-counter.ts';
import { updateOurs } from '../flows/our-update.ts';
import { turnBack } from '../flows/turn-back.ts';
import { say } from '../progress.ts';
import type { Measure } from '../result.ts';

const SHARES = [0.01, 0.5, 0.99];
const LAYER_BYTES = 48 * 1024 * 1024;

export const resume: Measure = {
  part: 'resume',
  needsFullImage: false,
  run: async (cluster) => {
    const { shell, agent } = cluster;
    await updateOurs(shell, agent.hostname); // an agent that was left elsewhere
    const before = cluster.current;
    const release = await cluster.installNext('image', { [bigProgramPath]: noise('resume', LAYER_BYTES) });
    const push = async (work: () => Promise<void>): Promise<number> => {
      const [, wire] = await countingWire(agent, work);
      await turnBack(cluster, before.version, release.version);
      return wire;
    };
    const whole = await push(async () => void (await updateOurs(shell, agent.hostname)));
    const extra: number[] = [];
    for (const share of SHARES) {
      extra.push((await push(() => pushWithCut(cluster, release, share))) - whole);
      say(`cut at ${share * 100} %: ${extra.at(-1)} bytes more than without`);
    }
    return [
      {
        name: 'resume.resent_bytes_max',
        value: Math.max(...extra),
        unit: 'bytes',
        runs: SHARES.length,
        note:
          `on the agent's network card, both ways, a push that was killed at 1, 50 and 99 % of a layer of ${LAYER_BYTES} bytes ` +
          `and run again, beyond the same push without a cut; the second login is in it: ${extra.join(', ')}`,
      },
    ];
  },
};

async function pushWithCut(
  { shell, agent }: BenchCluster,
  release: InstalledRelease,
  share: number,
): Promise<void> {
  const update = startUpdate(shell, agent.hostname, 'root', '--bandwidth', '4M');
  await update.until(
    ({ event, what, sent, total }) =>
      event === 'transfer' &&
      String(what).startsWith('image layer') &&
      Number(sent) >= Number(total) * share &&
      Number(sent) < Number(total),
  );
  await update.kill();
  // Looked at on the agent itself: an update that is refused would count as traffic.
  const isFree = async (): Promise<true | undefined> => {
    const lock = await agent.exec(['flock', '--nonblock', AGENT_HOST.rolloutLock, 'true']);
    return lock.exitCode === 0 ? true : undefined;
  };
  await pollUntil(isFree, { timeoutMs: 60_000, intervalMs: 100, what: 'the lock of a killed update ends' });
  const again = await updateOurs(shell, agent.hostname);
  if (again.outcome !== 'updated') throw new Error(`the update to ${release.version} ended ${again.outcome}`);
}
