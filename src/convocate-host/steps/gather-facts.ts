import { createHash } from 'node:crypto';
import { RefusedError, messageOf } from '../../base/errors.ts';
import { HOST_FILES, renderHostFiles } from '../../release/host-files.ts';
import { missingLayers } from '../../release/image-archive.ts';
import { ensurePatch } from '../../release/layer-patch.ts';
import { clusterSigners } from '../cluster-keys.ts';
import { type HostFacts, gatherFacts as readFacts } from '../facts.ts';
import { type LayersInput, type PatchOffer, patchBases, planLayers } from '../plan-layers.ts';
import { PLAN_PATHS } from '../plan-paths.ts';
import type { Plan } from '../plan-types.ts';
import { planUpdate } from '../plan.ts';
import { packRelease } from '../release-bundle.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { lookAtStatusLink } from './status-link.ts';

/** Reads the host, and decides from that alone what will be done; refuses a host that cannot take the release. */
export const gatherFacts: Step = {
  title: 'looking at the host',
  run: async (rollout) => {
    const facts = await readFacts(
      need(rollout, 'host'),
      HOST_FILES.map((file) => file.to),
    );
    const plan = await makePlan(rollout, facts);
    if (rollout.record) rollout.statusLinkBefore = await lookAtStatusLink(rollout.record.agentId);
    rollout.facts = facts;
    rollout.plan = plan;
  },
};

/** Ends the rollout where the plan holds a refusal. Apart from the facts, so that a dry run can print all of it. */
export const refuseUnfit: Step = {
  title: 'checking that it can take the release',
  isDone: (rollout) => need(rollout, 'plan').refusals.length === 0,
  run: (rollout) => Promise.reject(unfit(rollout)),
};

export function unfit(rollout: Rollout): RefusedError {
  return new RefusedError(
    `this host cannot take release ${need(rollout, 'plan').version}; nothing was changed`,
    {
      host: rollout.hostName,
      output: need(rollout, 'plan').refusals.join('\n'),
      hint: 'mend that on the host, then run the same command again',
    },
  );
}

async function makePlan(rollout: Rollout, facts: HostFacts): Promise<Plan> {
  const { store } = rollout;
  const release = need(rollout, 'release');
  const { manifest, manifestText } = release;
  const packedBytes = new Map<string, number>();
  for (const { sha256 } of manifest.files)
    packedBytes.set(sha256, await store.blobs.packedSize(sha256, 'gz'));
  for (const { diff_id } of manifest.image.layers)
    packedBytes.set(diff_id, await store.blobs.packedSize(diff_id, 'zst'));
  const missing = missingLayers(
    manifest.image.layers,
    (facts.docker?.images ?? []).map((image) => image.layers),
  );
  const storedLayers = missing.length > 0 ? await store.layerSizes() : new Map<string, number>();
  const layersInput = { facts, manifest, missingLayers: missing, packedBytes, storedLayers };
  const decisions = planUpdate({
    facts,
    manifest,
    manifestDigest: createHash('sha256').update(manifestText).digest('hex'),
    packedBytes,
    hostFiles: await renderHostFiles(manifest, (of, path) => store.readFile(of, path), facts),
    missingLayers: missing,
    layers: planLayers(layersInput, await offerPatches(rollout, layersInput)),
    paths: PLAN_PATHS,
    signers: await clusterSigners(),
  });
  const releaseBytes = decisions.stageRelease
    ? (await packRelease(store, release, decisions.smallFiles)).length
    : 0;
  return { ...decisions, releaseBytes };
}

/** Makes the patches that could lead to fewer bytes, here, where they are kept for the next hosts. */
async function offerPatches(
  { store, reporter }: Rollout,
  input: LayersInput,
): Promise<ReadonlyMap<string, PatchOffer>> {
  const offers = new Map<string, PatchOffer>();
  for (const [diffId, base] of patchBases(input)) {
    reporter.note(`comparing a large layer with that of ${base.of}, which the host has`);
    const offer = await ensurePatch(store.blobs, diffId, base.diffId).then(
      (packedBytes) => ({ packedBytes }),
      (error: unknown) => ({ problem: messageOf(error) }),
    );
    offers.set(diffId, offer);
  }
  return offers;
}
