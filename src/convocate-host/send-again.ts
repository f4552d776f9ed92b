import type { CommandResult } from '../base/run-command.ts';
import { SEND_AGAIN_EXIT, StageOutcome } from '../protocol/layer-transfer.ts';
import type { PlannedBlob } from './plan-types.ts';
import type { Rollout } from './rollout.ts';

/** What `stage-image` says would help, or undefined where it says nothing of the kind. */
export function outcomeOf({ exitCode, stdout }: CommandResult): StageOutcome | undefined {
  if (exitCode !== SEND_AGAIN_EXIT) return undefined;
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? StageOutcome.parse(JSON.parse(last)) : undefined;
}

/** Every layer of the release, as it travels where nothing of it is on the host: the last rung. */
export async function allLayers({ store, release }: Rollout): Promise<readonly PlannedBlob[]> {
  const { layers } = release.manifest.image;
  const all = layers.map(async ({ diff_id }, index) => ({
    what: `image layer ${index + 1} of ${layers.length}`,
    sha256: diff_id,
    packedBytes: await store.blobs.packedSize(diff_id, 'zst'),
    offset: 0,
  }));
  const unique = new Map((await Promise.all(all)).map((layer) => [layer.sha256, layer]));
  return [...unique.values()];
}

export interface NextTry {
  readonly layers: readonly PlannedBlob[];
  /** What is done now, and why, for people. */
  readonly said: string;
}

/** What to send after `sent` led to that outcome, with what of it has `landed` on the host and need not travel again. */
export function afterOutcome(
  sent: readonly PlannedBlob[],
  landed: readonly number[],
  outcome: StageOutcome,
  all: readonly PlannedBlob[],
): NextTry {
  const kept = sent.map((layer, index) => ({ ...layer, offset: landed[index] ?? layer.offset }));
  if (outcome.outcome === 'damaged') {
    const layers = kept.map((layer) => (layer.sha256 === outcome.layer ? { ...layer, offset: 0 } : layer));
    const what = sent.find((layer) => layer.sha256 === outcome.layer)?.what ?? outcome.layer;
    return {
      layers,
      said: `${what} arrived damaged, or lay damaged on the host (${outcome.why}); it alone is sent again`,
    };
  }
  const why = 'why' in outcome ? outcome.why : '';
  const layers = all.map((layer) => kept.find(({ sha256 }) => sha256 === layer.sha256) ?? layer);
  return { layers, said: `Docker made no image of these layers and its own (${why}); all layers are sent` };
}
