// The whole image onto an agent whose Docker has none of it, against the seed's flow from the same state.
import { updateOurs } from '../flows/our-update.ts';
import { updateLikeSeed } from '../flows/seed-update.ts';
import { describeSteps } from '../flows/step-times.ts';
import { removeAllImages, turnBack } from '../flows/turn-back.ts';
import type { BenchCluster } from '../cluster/bench-cluster.ts';
import { say } from '../progress.ts';
import { type Measure, median, rounded, spread } from '../result.ts';

const REST_MS = 45_000;

/** Ends the sessions: it comes after everything that needs them. */
export const firstPush: Measure = {
  part: 'first_push',
  needsFullImage: true,
  run: async (cluster, times) => {
    const runs = times(3);
    const { shell, agent } = cluster;
    const before = cluster.current;
    const release = await cluster.installNext('image');
    const seed: number[] = [];
    const ours: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      await rest(cluster);
      const theirs = await updateLikeSeed(shell, agent.hostname, release);
      say(`the seed's flow: ${Math.round(theirs.answeredMs)} ms (${describeSteps(theirs.steps)})`);
      seed.push(theirs.answeredMs / 1000);
      await turnBack(cluster, before.version, release.version);

      await rest(cluster);
      const our = await updateOurs(shell, agent.hostname);
      say(`ours: ${Math.round(our.answeredMs)} ms (${describeSteps(our.steps)})`);
      ours.push(our.answeredMs / 1000);
      await turnBack(cluster, before.version, release.version);
    }
    return [
      {
        name: 'first_push.wall_ratio',
        value: rounded(median(seed) / median(ours)),
        unit: 'ratio',
        runs,
        note: `command to answer, no image in the agent's Docker, disk at rest: seed ${spread(seed)} s, ours ${spread(ours)} s`,
      },
    ];
  },
};

/**
 * An agent without images and with a quiet disk, for both sides alike. Removing and loading gigabytes leaves work
 * behind, and a disk with a budget for bursts is slow after one: the seed's flow would rest while it packs, ours not.
 */
async function rest(cluster: BenchCluster): Promise<void> {
  await removeAllImages(cluster);
  await cluster.agent.run(['sync']);
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
}
