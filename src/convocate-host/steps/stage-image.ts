import { type Step, need } from '../rollout.ts';
import { sendBlob } from '../send-blob.ts';
import { stagedProgram } from '../staged-program.ts';

const LOAD_MS = 60 * 60 * 1000;

/** The seed's fifth step, thin: sends the layers that Docker there does not have, loads them and proves the image. */
export const stageImage: Step = {
  title: 'staging the image',
  isDone: (rollout) => !need(rollout, 'plan').loadImage,
  run: async (rollout) => {
    const { layers, version, sharedLayers } = need(rollout, 'plan');
    if (sharedLayers > 0) rollout.reporter.note(`${sharedLayers} layers are there already and stay home`);
    for (const layer of layers) {
      const sizes = ['--offset', String(layer.offset), '--size', String(layer.packedBytes)];
      const argv = stagedProgram(version, 'receive-layer', layer.sha256, ...sizes);
      await sendBlob(rollout, layer, 'zst', argv);
    }
    await need(rollout, 'host').check(stagedProgram(version, 'stage-image'), { timeoutMs: LOAD_MS });
    rollout.reporter.note('the image is loaded, and a container from it runs');
  },
};
