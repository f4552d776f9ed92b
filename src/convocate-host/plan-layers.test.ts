import { describe, expect, test } from 'vitest';
import type { ImageFact } from './docker-facts.ts';
import type { HostFacts } from './facts.ts';
import { healthy, healthyDocker, inputFor, manifest } from './plan-fixture.ts';
import { type LayersInput, type PatchOffer, patchBases, planLayers } from './plan-layers.ts';

const MIB = 1024 * 1024;
const [LOWER, BIG, SMALL, OLD, OLDER] = ['1', '2', '3', '8', '9'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
  string,
];
const image = (tag: string, ...layers: readonly string[]): ImageFact => {
  return { id: `sha256:${tag}`, tags: [tag], layers };
};

/** A release whose second layer is a large new one, on a host that has the one before of it. */
function input(
  changes: { facts?: Partial<HostFacts>; images?: readonly ImageFact[] } & Partial<
    Omit<LayersInput, 'facts'>
  > = {},
): LayersInput {
  const { facts, images = [image('convocate:v1', LOWER, OLD)], ...others } = changes;
  const layers = [
    { diff_id: LOWER, size: 500 * MIB },
    { diff_id: BIG, size: 380 * MIB },
    { diff_id: SMALL, size: 20_000 },
  ];
  return {
    facts: { ...healthy, liveVersion: 'v1', docker: { ...healthyDocker, images }, ...facts },
    manifest: { ...manifest, image: { ...manifest.image, layers } },
    missingLayers: layers.slice(1),
    packedBytes: new Map([
      [BIG, 120 * MIB],
      [SMALL, 6000],
    ]),
    storedLayers: new Map([
      [OLD, 370 * MIB],
      [OLDER, 300 * MIB],
    ]),
    ...others,
  };
}
const OFFER: ReadonlyMap<string, PatchOffer> = new Map([[BIG, { packedBytes: 50 * MIB }]]);
const small = { what: 'image layer 3 of 3', sha256: SMALL, packedBytes: 6000, offset: 0 };
const whole = { what: 'image layer 2 of 3', sha256: BIG, packedBytes: 120 * MIB, offset: 0 };

describe('a large layer whose predecessor the host has', () => {
  test('is sent as a patch against that, and says so; a small one is not worth the question', () => {
    expect(patchBases(input())).toEqual(new Map([[BIG, { diffId: OLD, sizeBytes: 370 * MIB, of: 'v1' }]]));
    expect(planLayers(input(), OFFER)).toEqual([
      {
        ...whole,
        packedBytes: 50 * MIB,
        patch: { diffId: OLD, sizeBytes: 370 * MIB },
        whole: { packedBytes: 120 * MIB, offset: 0 },
        why: 'sent as a patch against the layer of v1 (52.4 MB instead of 126 MB)',
      },
      small,
    ]);
  });

  test('goes on with the part of a patch that was cut off', () => {
    const parts = new Map([[`${BIG}.from-${OLD}`, 20 * MIB]]);
    const [layer] = planLayers(input({ facts: { parts } }), OFFER);
    expect(layer).toMatchObject({ packedBytes: 50 * MIB, offset: 20 * MIB, patch: { diffId: OLD } });
  });

  test('is patched from the live release rather than from another', () => {
    const images = [image('convocate:v0', LOWER, OLDER), image('convocate:v1', LOWER, OLD)];
    expect(patchBases(input({ images })).get(BIG)?.of).toBe('v1');
    expect(
      patchBases(input({ images, facts: { liveVersion: 'v0', docker: { ...healthyDocker, images } } })).get(
        BIG,
      )?.of,
    ).toBe('v0');
  });

  test('is patched from another image where the live one has no such layer here', () => {
    const images = [image('convocate:v1', LOWER, 'gone'), image('mine:latest', LOWER, OLDER)];
    expect(patchBases(input({ images })).get(BIG)).toEqual({
      diffId: OLDER,
      sizeBytes: 300 * MIB,
      of: 'mine:latest',
    });
  });
});

describe('a large layer is sent whole, and says why', () => {
  test.each<[string, Parameters<typeof input>[0], ReadonlyMap<string, PatchOffer>, string]>([
    ['where no image is there', { images: [] }, OFFER, 'no layer there to patch from'],
    ['where the images are shorter', { images: [image('x', LOWER)] }, OFFER, 'no layer there to patch from'],
    [
      'where the shell host has not what the host has',
      { storedLayers: new Map() },
      OFFER,
      'no layer there to patch from',
    ],
    [
      'where memory is short',
      { facts: { availableMemoryBytes: 900 * MIB } },
      OFFER,
      'host has 944 MB of memory free, 1.59 GB needed',
    ],
    [
      'where no patch could be made',
      {},
      new Map([[BIG, { problem: 'zstd is not installed on this machine, so no patch was made' }]]),
      'zstd is not installed on this machine, so no patch was made',
    ],
    [
      'where the patch is as large',
      {},
      new Map([[BIG, { packedBytes: 109 * MIB }]]),
      'a patch against the layer of v1 would be hardly smaller',
    ],
    [
      'where less of it is missing than the patch has',
      { facts: { parts: new Map([[BIG, 80 * MIB]]) } },
      OFFER,
      'a patch against the layer of v1 would be hardly smaller',
    ],
    [
      'where nearly all of it is there',
      { facts: { parts: new Map([[BIG, 119 * MIB]]) } },
      OFFER,
      'nearly all of it is there already',
    ],
  ])('%s', (_where, changes, offers, why) => {
    const [layer] = planLayers(input(changes), offers);
    const offset = changes?.facts?.parts?.get(BIG) ?? 0;
    expect(layer).toEqual({ ...whole, offset, why: `sent whole: ${why}` });
  });

  test('and no patch is made in vain', () => {
    expect(patchBases(input({ facts: { availableMemoryBytes: 900 * MIB } })).size).toBe(0);
    expect(patchBases(input({ facts: { parts: new Map([[BIG, 119 * MIB]]) } })).size).toBe(0);
  });
});

test('a release whose layers need not travel asks for no patch', () => {
  expect(patchBases({ ...input(), missingLayers: [] }).size).toBe(0);
  expect(inputFor(healthy).layers).toEqual([]);
});
