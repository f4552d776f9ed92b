import type { Plan, PlanInput } from './plan-types.ts';
import { planUpdate } from './plan.ts';

export type RollbackInput = Pick<PlanInput, 'facts' | 'manifest' | 'manifestDigest' | 'hostFiles' | 'paths'>;

/** The plan of going back to a release that the host holds: the same decisions as for an update, and nothing is sent. */
export function planRollback(input: RollbackInput): Plan {
  const { facts, manifest } = input;
  const decisions = planUpdate({
    ...input,
    packedBytes: new Map(),
    missingLayers: [],
    layers: [],
    signers: facts.allowedSigners, // the host proves the signature itself
  });
  const lacking: string[] = [];
  if (decisions.stageRelease) lacking.push(`files of release ${manifest.version} are missing on it`);
  if (decisions.loadImage) lacking.push(`its Docker does not have the image ${manifest.image.tag} whole`);
  return {
    ...decisions,
    refusals: [...decisions.refusals, ...lacking],
    stageRelease: false,
    smallFiles: [],
    largeFiles: [],
    loadImage: false,
    releaseBytes: 0,
  };
}
