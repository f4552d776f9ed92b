import { type StageOutcome, formatSentLayer } from '../../protocol/layer-transfer.ts';
import type { PlannedBlob } from '../plan-types.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { type Sent, sendBlobs, transferError } from '../send-blob.ts';
import { afterOutcome, allLayers, outcomeOf } from '../send-again.ts';
import { stagedProgram } from '../staged-program.ts';

/**
 * The seed's fifth step, thin: sends the layers that Docker there does not have, which takes them in as they come,
 * and has the image proven. What arrived damaged is sent once more in the same run.
 */
export const stageImage: Step = {
  title: 'staging the image',
  isDone: (rollout) => !need(rollout, 'plan').loadImage,
  run: async (rollout) => {
    const { layers, sharedLayers } = need(rollout, 'plan');
    if (sharedLayers > 0) rollout.reporter.note(`${sharedLayers} layers are there already and stay home`);
    await sendUntilLoaded(rollout, layers);
    rollout.reporter.note('the image is loaded, and a container from it runs');
  },
};

/** Each way out of trouble is taken once; what happens twice is no accident. */
async function sendUntilLoaded(rollout: Rollout, planned: readonly PlannedBlob[]): Promise<void> {
  const tried = new Set<string>();
  for (let layers = planned; ; ) {
    const { argv, sent, outcome } = await sendLayers(rollout, layers);
    if (sent.result.exitCode === 0) return;
    const trouble = outcome && JSON.stringify({ ...outcome, why: undefined });
    if (!outcome || !trouble || tried.has(trouble)) {
      throw transferError(rollout, 'the image could not be staged on the host', argv, sent.result);
    }
    tried.add(trouble);
    const all = await allLayers(rollout);
    const next = afterOutcome(layers, sent.landed, outcome, all);
    rollout.reporter.warn(next.said);
    layers = next.layers;
  }
}

async function sendLayers(
  rollout: Rollout,
  layers: readonly PlannedBlob[],
): Promise<{ argv: readonly string[]; sent: Sent; outcome: StageOutcome | undefined }> {
  const { version } = need(rollout, 'plan');
  const { blobs } = rollout.store;
  const words = layers.map(({ sha256, offset, packedBytes }) =>
    formatSentLayer({ diffId: sha256, offset, packedBytes }),
  );
  const argv = stagedProgram(version, 'stage-image', ...words.flatMap((word) => ['--layer', word]));
  const outgoing = layers.map(({ what, sha256, offset, packedBytes }) => {
    return { what, offset, packedBytes, open: () => blobs.openPacked(sha256, 'zst', offset) };
  });
  const sent = await sendBlobs(rollout, outgoing, argv);
  return { argv, sent, outcome: outcomeOf(sent.result) };
}
