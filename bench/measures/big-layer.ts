// A release whose big layer is a new build of one large program: what the seed's flow sends of the image, and what we do.
import { bigProgram, bigProgramPath, newBuildOf } from '../flows/big-program.ts';
import { documentBytes } from '../flows/document-bytes.ts';
import { updateOurs } from '../flows/our-update.ts';
import { updateLikeSeed } from '../flows/seed-update.ts';
import { describeSteps } from '../flows/step-times.ts';
import { turnBack } from '../flows/turn-back.ts';
import { say } from '../progress.ts';
import { type Measure, rounded } from '../result.ts';

export const bigLayer: Measure = {
  part: 'delta',
  needsFullImage: true,
  run: async (cluster) => {
    const { shell, agent } = cluster;
    const program = bigProgram();
    const before = await cluster.installNext('image', { [bigProgramPath]: program });
    const whole = await updateOurs(shell, agent.hostname);
    const release = await cluster.installNext('image', { [bigProgramPath]: newBuildOf(program) });
    const seed = await updateLikeSeed(shell, agent.hostname, release);
    await turnBack(cluster, before.version, release.version);
    const our = await updateOurs(shell, agent.hostname);
    say(`ours: ${Math.round(our.answeredMs)} ms (${describeSteps(our.steps)})`);
    const ours = our.layerBytes + (await documentBytes(shell, release.version));
    return [
      {
        name: 'delta.big_layer_bytes_ratio',
        value: rounded(seed.imageBytes / ours),
        unit: 'ratio',
        runs: 1,
        note:
          `a layer of ${program.length} bytes in a new build: the seed's flow sends ${seed.imageBytes} bytes of image, ` +
          `we send ${ours}; the layer alone, whole, is ${whole.layerBytes}; ` +
          `command to answer: seed ${(seed.answeredMs / 1000).toFixed(1)} s, ours ${(our.answeredMs / 1000).toFixed(1)} s`,
      },
    ];
  },
};
