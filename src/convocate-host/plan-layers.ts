import prettyBytes from 'pretty-bytes';
import type { Manifest } from '../release/manifest.ts';
import type { HostFacts } from './facts.ts';
import type { PlannedLayer } from './plan-types.ts';

/** Below this, reading the old layer out of Docker takes longer than sending the new one. */
const CONSIDERED_BYTES = 8 * 1024 * 1024;
/** A patch that saves less than this is not worth what it asks of the host. */
const LEAST_SAVING = 0.1;
/** The base, the window over it, what Docker is given, and some room; by the larger of the two layers. */
const MEMORY_FACTOR = 4;

export interface LayersInput {
  readonly facts: HostFacts;
  readonly manifest: Manifest;
  readonly missingLayers: readonly { readonly diff_id: string; readonly size: number }[];
  /** Bytes each blob takes on the wire, by digest. */
  readonly packedBytes: ReadonlyMap<string, number>;
  /** Size, unpacked, of every layer in the shell host's store, of whatever release. */
  readonly storedLayers: ReadonlyMap<string, number>;
}

/** A layer that the host has, from which a patch could lead to a missing one. */
export interface PatchBase {
  readonly diffId: string;
  readonly sizeBytes: number;
  /** Of which release it is, for people. */
  readonly of: string;
}

/** What became of the wish for a patch: its bytes on the wire, or why there is none. */
export type PatchOffer = { readonly packedBytes: number } | { readonly problem: string };

/**
 * Which of the missing layers could travel as a patch and against what: a large one, where the host has another layer
 * in that place of an image, that of the live release by preference, the shell host has it too, and the memory of the
 * host suffices.
 */
export function patchBases(input: LayersInput): ReadonlyMap<string, PatchBase> {
  const found = input.missingLayers.map((layer) => [layer.diff_id, considerPatch(input, layer)] as const);
  return new Map(found.flatMap(([diffId, base]) => (typeof base === 'object' ? [[diffId, base]] : [])));
}

/** How each missing layer travels, in the image's order: in the form that sends fewer bytes. */
export function planLayers(
  input: LayersInput,
  offers: ReadonlyMap<string, PatchOffer>,
): readonly PlannedLayer[] {
  const layers = input.missingLayers.map((layer) => planLayer(input, layer, offers.get(layer.diff_id)));
  return [...new Map(layers.map((layer) => [layer.sha256, layer])).values()];
}

type Layer = LayersInput['missingLayers'][number];

function planLayer(input: LayersInput, layer: Layer, offer: PatchOffer | undefined): PlannedLayer {
  const whole = wholeLayer(input, layer);
  const base = considerPatch(input, layer);
  if (base === undefined) return whole;
  const sentWhole = (why: string): PlannedLayer => ({ ...whole, why: `sent whole: ${why}` });
  if (typeof base === 'string') return sentWhole(base);
  if (!offer || 'problem' in offer) return sentWhole(offer?.problem ?? 'no patch was made');
  const { packedBytes } = offer;
  const part = input.facts.parts.get(`${layer.diff_id}.from-${base.diffId}`) ?? 0;
  const offset = Math.min(part, packedBytes);
  if (packedBytes - offset > (whole.packedBytes - whole.offset) * (1 - LEAST_SAVING))
    return sentWhole(`a patch against the layer of ${base.of} would be hardly smaller`);
  return {
    ...whole,
    packedBytes,
    offset,
    patch: { diffId: base.diffId, sizeBytes: base.sizeBytes },
    whole: { packedBytes: whole.packedBytes, offset: whole.offset },
    why: `sent as a patch against the layer of ${base.of} (${prettyBytes(packedBytes)} instead of ${prettyBytes(whole.packedBytes)})`,
  };
}

function wholeLayer({ facts, manifest, packedBytes }: LayersInput, { diff_id }: Layer): PlannedLayer {
  const all = manifest.image.layers;
  const position = all.findIndex((candidate) => candidate.diff_id === diff_id) + 1;
  const size = packedBytes.get(diff_id) ?? 0;
  return {
    what: `image layer ${position} of ${all.length}`,
    sha256: diff_id,
    packedBytes: size,
    offset: Math.min(facts.parts.get(diff_id) ?? 0, size),
  };
}

/** The base for a patch, or why there is none to think of; undefined where the layer is not worth it. */
function considerPatch(input: LayersInput, layer: Layer): PatchBase | string | undefined {
  const whole = wholeLayer(input, layer);
  if (whole.packedBytes < CONSIDERED_BYTES) return undefined;
  if (whole.packedBytes - whole.offset < CONSIDERED_BYTES) return 'nearly all of it is there already';
  const base = findBase(input, layer);
  if (!base) return 'no layer there to patch from';
  const needed = Math.max(layer.size, base.sizeBytes) * MEMORY_FACTOR;
  const free = input.facts.availableMemoryBytes;
  if (free < needed) return `host has ${prettyBytes(free)} of memory free, ${prettyBytes(needed)} needed`;
  return base;
}

function findBase({ facts, manifest, storedLayers }: LayersInput, layer: Layer): PatchBase | undefined {
  const place = manifest.image.layers.findIndex(({ diff_id }) => diff_id === layer.diff_id);
  const live = `convocate:${facts.liveVersion}`;
  const images = (facts.docker?.images ?? []).toSorted(
    (a, b) => Number(b.tags.includes(live)) - Number(a.tags.includes(live)),
  );
  for (const { layers, tags, id } of images) {
    const diffId = layers[place];
    const sizeBytes = diffId === undefined ? undefined : storedLayers.get(diffId);
    if (diffId === undefined || sizeBytes === undefined || diffId === layer.diff_id) continue;
    const tag = tags.find((one) => one.startsWith('convocate:'));
    return { diffId, sizeBytes, of: tag?.replace('convocate:', '') ?? tags[0] ?? id.slice(0, 19) };
  }
  return undefined;
}
