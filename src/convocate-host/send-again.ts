import type { CommandResult } from '../base/run-command.ts';
import { SEND_AGAIN_EXIT, StageOutcome } from '../protocol/layer-transfer.ts';
import type { PlannedLayer } from './plan-types.ts';
import { type Rollout, need } from './rollout.ts';

/** Exit codes of a program that the kernel ended: by the memory killer, by its own abort, by a fault. */
const KILLED = [137, 134, 139];

/**
 * What would help after `stage-image` ended so, and was not tried before: then it is noted in `tried`. Undefined where
 * nothing is left.
 */
export function outcomeOf(
  result: CommandResult,
  layers: readonly PlannedLayer[],
  tried: Set<string>,
): StageOutcome | undefined {
  const said = saidOutcome(result) ?? killedOverPatch(result, layers);
  for (const outcome of said ? [said, ...withoutPatch(said, layers)] : []) {
    const way = `${outcome.outcome} ${'layer' in outcome ? outcome.layer : ''}`;
    if (tried.has(way)) continue;
    tried.add(way);
    return outcome;
  }
  return undefined;
}

/** The one of `layers` whose bytes `stage-image` found damaged, where that is what it ended with. */
export function damagedOf(result: CommandResult, layers: readonly PlannedLayer[]): PlannedLayer | undefined {
  const said = saidOutcome(result);
  return said?.outcome === 'damaged' ? layers.find(({ sha256 }) => sha256 === said.layer) : undefined;
}

function saidOutcome({ exitCode, stdout }: CommandResult): StageOutcome | undefined {
  if (exitCode !== SEND_AGAIN_EXIT) return undefined;
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? StageOutcome.parse(JSON.parse(last)) : undefined;
}

/** Where the helper was killed over a patch, no words of its own tell that it was the patch. */
function killedOverPatch(
  { exitCode }: CommandResult,
  layers: readonly PlannedLayer[],
): StageOutcome | undefined {
  const layer = KILLED.includes(exitCode) ? layers.find(({ patch }) => patch) : undefined;
  if (!layer) return undefined;
  const why = `the program there was killed (exit ${exitCode}), as happens where memory runs out`;
  return { outcome: 'unpatchable', layer: layer.sha256, why };
}

/** A patch that was damaged twice leaves the whole layer to try. */
function withoutPatch(outcome: StageOutcome, layers: readonly PlannedLayer[]): StageOutcome[] {
  if (outcome.outcome !== 'damaged') return [];
  const isPatch = layers.some(({ sha256, patch }) => sha256 === outcome.layer && patch);
  return isPatch ? [{ ...outcome, outcome: 'unpatchable', why: `damaged twice (${outcome.why})` }] : [];
}

/** Every layer of the release, as it travels where nothing of it is on the host: the last rung. */
export async function allLayers(rollout: Rollout): Promise<readonly PlannedLayer[]> {
  const { store } = rollout;
  const { layers } = need(rollout, 'release').manifest.image;
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
  readonly layers: readonly PlannedLayer[];
  /** What is done now, and why, for people. */
  readonly said: string;
}

/** What to send after `sent` led to that outcome, with what of it has `landed` on the host and need not travel again. */
export function afterOutcome(
  sent: readonly PlannedLayer[],
  landed: readonly number[],
  outcome: StageOutcome,
  all: readonly PlannedLayer[],
): NextTry {
  const kept = sent.map((layer, index) => ({ ...layer, offset: landed[index] ?? layer.offset }));
  const named = 'layer' in outcome ? outcome.layer : undefined;
  const what = sent.find((layer) => layer.sha256 === named)?.what ?? named;
  if (outcome.outcome === 'unpatchable') {
    const layers = kept.map((layer) => (layer.sha256 === named ? wholeOf(layer) : layer));
    return { layers, said: `${what} is sent whole, not as a patch: ${outcome.why}` };
  }
  if (outcome.outcome === 'damaged') {
    const layers = kept.map((layer) => (layer.sha256 === named ? { ...layer, offset: 0 } : layer));
    return {
      layers,
      said: `${what} arrived damaged, or lay damaged on the host (${outcome.why}); it alone is sent again`,
    };
  }
  const why = 'why' in outcome ? outcome.why : '';
  const layers = all.map((layer) => kept.find(({ sha256 }) => sha256 === layer.sha256) ?? layer);
  return { layers, said: `Docker made no image of these layers and its own (${why}); all layers are sent` };
}

function wholeOf({ what, sha256, packedBytes, offset, whole }: PlannedLayer): PlannedLayer {
  return { what, sha256, packedBytes, offset, ...whole };
}
