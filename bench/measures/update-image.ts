// An update where only our own files changed, with sessions running, against the seed's flow for the same release.
import { documentBytes } from '../flows/document-bytes.ts';
import { type OurUpdate, updateOurs } from '../flows/our-update.ts';
import { type SeedUpdate, updateLikeSeed } from '../flows/seed-update.ts';
import { describeSteps } from '../flows/step-times.ts';
import { turnBack } from '../flows/turn-back.ts';
import { say } from '../progress.ts';
import { type Measure, type Result, median, rounded, spread } from '../result.ts';

export const updateImage: Measure = {
  part: 'update',
  needsFullImage: true,
  run: async (cluster, times) => {
    const ourRuns = times(5);
    const seedRuns = times(3); // more than a minute each, and they hardly vary
    const { shell, agent } = cluster;
    await cluster.sessions();
    const seeds: SeedUpdate[] = [];
    const ours: (OurUpdate & { imageBytes: number })[] = [];
    for (let run = 0; run < ourRuns; run += 1) {
      const before = cluster.current;
      const release = await cluster.installNext('image');
      if (run < seedRuns) {
        const seed = await updateLikeSeed(shell, agent.hostname, release);
        say(`the seed's flow: ${Math.round(seed.answeredMs)} ms (${describeSteps(seed.steps)})`);
        seeds.push(seed);
        await turnBack(cluster, before.version, release.version);
      }
      const our = await updateOurs(shell, agent.hostname);
      if (our.outcome !== 'updated') throw new Error(`the update to ${release.version} ended ${our.outcome}`);
      say(`ours: ${Math.round(our.answeredMs)} ms (${describeSteps(our.steps)})`);
      ours.push({ ...our, imageBytes: our.layerBytes + (await documentBytes(shell, release.version)) });
    }
    return results(seeds, ours);
  },
};

function results(
  seeds: readonly SeedUpdate[],
  ours: readonly (OurUpdate & { imageBytes: number })[],
): readonly Result[] {
  const seedMs = seeds.map(({ answeredMs }) => answeredMs);
  const ourMs = ours.map(({ answeredMs }) => answeredMs);
  const seedBytes = median(seeds.map(({ imageBytes }) => imageBytes));
  const ourBytes = median(ours.map(({ imageBytes }) => imageBytes));
  return [
    {
      name: 'update.image_bytes_ratio',
      value: rounded(seedBytes / ourBytes),
      unit: 'ratio',
      runs: ours.length,
      note: `the seed's flow sends ${seedBytes} bytes of image, we send ${ourBytes}`,
    },
    {
      name: 'update.wall_ratio',
      value: rounded(median(seedMs) / median(ourMs)),
      unit: 'ratio',
      runs: ours.length,
      note:
        `command to answer on the new version: seed ${spread(seconds(seedMs))} s in ${seeds.length} runs, ` +
        `ours ${spread(seconds(ourMs))} s; both with three sessions running`,
    },
  ];
}

function seconds(ms: readonly number[]): number[] {
  return ms.map((value) => value / 1000);
}
