import type { Readable } from 'node:stream';
import { formatSentLayer } from '../../protocol/layer-transfer.ts';
import type { PlannedLayer } from '../plan-types.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { type Sent, sendBlobs, transferError } from '../send-blob.ts';
import { afterOutcome, allLayers, damagedOf, outcomeOf } from '../send-again.ts';
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
    for (const { what, why } of layers) if (why !== undefined) rollout.reporter.note(`${what}: ${why}`);
    await sendUntilLoaded(rollout, layers);
    rollout.reporter.note('the image is loaded, and a container from it runs');
  },
};

/** Each way out of trouble is taken once; what happens twice is no accident. */
async function sendUntilLoaded(rollout: Rollout, planned: readonly PlannedLayer[]): Promise<void> {
  const tried = new Set<string>();
  for (let layers = planned; ; ) {
    const { argv, sent } = await sendLayers(rollout, layers);
    if (sent.result.exitCode === 0) return;
    const outcome = outcomeOf(sent.result, layers, tried);
    if (!outcome) {
      const damaged = damagedOf(sent.result, layers);
      if (damaged) await rollout.store.blobs.expectWhole(damaged.sha256, 'zst'); // else no host ever gets it
      throw transferError(rollout, 'the image could not be staged on the host', argv, sent.result);
    }
    const next = afterOutcome(layers, sent.landed, outcome, await allLayers(rollout));
    rollout.reporter.warn(next.said);
    layers = next.layers;
  }
}

async function sendLayers(
  rollout: Rollout,
  layers: readonly PlannedLayer[],
): Promise<{ argv: readonly string[]; sent: Sent }> {
  const { version } = need(rollout, 'plan');
  const { blobs } = rollout.store;
  const words = layers.map(({ sha256, offset, packedBytes, patch }) =>
    formatSentLayer({ diffId: sha256, offset, packedBytes, ...(patch && { base: patch }) }),
  );
  const argv = stagedProgram(version, 'stage-image', ...words.flatMap((word) => ['--layer', word]));
  const outgoing = layers.map(({ what, sha256, offset, packedBytes, patch }) => {
    const open = (): Readable =>
      patch ? blobs.openPatch(sha256, patch.diffId, offset) : blobs.openPacked(sha256, 'zst', offset);
    return { what, offset, packedBytes, open };
  });
  return { argv, sent: await sendBlobs(rollout, outgoing, argv) };
}
