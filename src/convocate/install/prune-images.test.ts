import { expect, test } from 'vitest';
import type { Manifest } from '../../release/manifest.ts';
import { unneededImages } from './prune-images.ts';

/** As far as it matters here: a version, and its image's layers from the base up. */
const release = (version: string, ...layers: string[]): Manifest =>
  ({
    version,
    image: { tag: `convocate:${version}`, layers: layers.map((diff_id) => ({ diff_id, size: 1 })) },
  }) as Manifest;

const kept = [release('v2', 'base', 'tools-a', 'files-2'), release('v3', 'base', 'tools-b', 'files-3')];

test('an image goes with its release', () => {
  const images = ['v1', 'v2', 'v3', 'v30'].map((version) => ({
    tag: `convocate:${version}`,
    layers: ['base'],
  }));
  expect(unneededImages(images, kept)).toEqual(['convocate:v1', 'convocate:v30']);
});

test.each([
  ['a release is built on', ['base', 'tools-a'], []],
  ['another release is built on', ['base', 'tools-b'], []],
  ['none is built on', ['base', 'tools-c'], ['convocate-toolchain:1']],
  ['none is built on, though its last layer is in one', ['other', 'tools-a'], ['convocate-toolchain:1']],
  ['is higher than any release', ['base', 'tools-a', 'files-2', 'more'], ['convocate-toolchain:1']],
])('a toolchain that %s', (_which, layers, gone) => {
  expect(unneededImages([{ tag: 'convocate-toolchain:1', layers }], kept)).toEqual(gone);
});
