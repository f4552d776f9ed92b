import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingLayers, openImageArchive } from './image-archive.ts';
import type { ReleaseImage } from './manifest.ts';
import { dockerManifest, ociIndex, ociManifest } from './oci.ts';

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const layer = (name: string): { diff_id: string; size: number } => ({ diff_id: name, size: 1 });

describe('missing layers', () => {
  const [a, b, c] = [layer('a'), layer('b'), layer('c')];
  const release = [a, b, c];
  test.each([
    ['a host without images', [], release],
    ['a host with an image that has no layers', [[]], release],
    ['the image itself', [['a', 'b', 'c']], []],
    ['a longer image above it', [['a', 'b', 'c', 'd']], []],
    ['the base', [['a', 'b', 'x']], [c]],
    ['the best of several', [['x'], ['a'], ['a', 'b'], ['b', 'c']], [c]],
    ['the same layers in another order', [['b', 'a', 'c']], release],
    ['the upper layers without the base', [['x', 'b', 'c']], release],
    [
      'parts of the chain in two images',
      [
        ['a', 'x'],
        ['x', 'b', 'c'],
      ],
      [b, c],
    ],
  ] as const)('given %s', (_what, chains, expected) => {
    expect(missingLayers(release, chains)).toEqual(expected);
  });

  test('a layer that occurs twice counts by its place', () => {
    expect(missingLayers([a, b, a], [['a', 'b']])).toEqual([a]);
    expect(missingLayers([a, a, b], [['a', 'b']])).toEqual([a, b]);
  });

  const name = fc.constantFrom('a', 'b', 'c');
  const chains = fc.array(fc.array(name, { maxLength: 5 }), { maxLength: 5 });

  test('a layer stays home only where some image has it with the very chain below it; and then it does', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), chains, (wanted, host) => {
        const sent = missingLayers(wanted.map(layer), host).length;
        const kept = wanted.length - sent;
        const hasPrefix = (depth: number): boolean =>
          depth === 0 || host.some((chain) => wanted.slice(0, depth).join() === chain.slice(0, depth).join());
        expect(hasPrefix(kept)).toBe(true);
        if (kept < wanted.length) expect(hasPrefix(kept + 1)).toBe(false);
        expect(missingLayers(wanted.map(layer), host)).toEqual(wanted.slice(kept).map(layer));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Name and content of each entry, in order. */
async function entriesOf(source: Parameters<typeof openImageArchive>[0]): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  const archive = openImageArchive(source);
  const reader = extract();
  archive.on('error', (error) => reader.destroy(error)).pipe(reader);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
    entries.push([entry.header.name, Buffer.concat(chunks).toString()]);
  }
  return entries;
}

describe('the archive', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'convocate-archive-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const contents = ['base layer', 'middle', 'x'.repeat(3_000_000)];
  const layers = contents.map((content) => ({ diff_id: sha256(content), size: content.length }));
  const config = Buffer.from('{"rootfs":{}}');
  const manifest = ociManifest(config, layers);
  const image: ReleaseImage = {
    tag: 'convocate:v1',
    config_digest: sha256(config),
    manifest_digest: sha256(manifest),
    layers,
    base: '',
    toolchain: '',
  };
  const tag = 'convocate-staging:v1';

  async function layerFiles(positions: readonly number[]): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    for (const at of positions) {
      const path = join(directory, `layer-${at}`);
      await writeFile(path, zstdCompressSync(contents[at] ?? ''));
      files.set(layers[at]?.diff_id ?? '', path);
    }
    return files;
  }

  const documents = [
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
    ['index.json', ociIndex(manifest, tag)],
    [
      'manifest.json',
      dockerManifest(
        image.config_digest,
        layers.map(({ diff_id }) => diff_id),
        tag,
      ),
    ],
    [`blobs/sha256/${image.config_digest}`, config.toString()],
    [`blobs/sha256/${image.manifest_digest}`, manifest.toString()],
  ];

  test.each([[[]], [[2]], [[0, 1, 2]]])(
    'has the documents of both formats and the layers %j, no other',
    async (positions) => {
      const source = { image, config, manifest, tag, layerFiles: await layerFiles(positions) };
      expect(await entriesOf(source)).toEqual([
        ...documents,
        ...positions.map((at) => [`blobs/sha256/${layers[at]?.diff_id}`, contents[at]]),
      ]);
    },
  );

  test('a layer that the image has twice goes in once', async () => {
    const twice = { ...image, layers: [...layers.slice(0, 1), ...layers.slice(0, 1)] };
    const entries = await entriesOf({
      image: twice,
      config,
      manifest,
      tag,
      layerFiles: await layerFiles([0]),
    });
    expect(entries.filter(([name]) => name === `blobs/sha256/${layers[0]?.diff_id}`)).toHaveLength(1);
  });

  test('fails where a layer file is missing, damaged or of another size, instead of ending short', async () => {
    const files = await layerFiles([0, 2]);
    const path = files.get(layers[2]?.diff_id ?? '') ?? '';
    for (const wrong of [zstdCompressSync('short'), 'not packed']) {
      await writeFile(path, wrong);
      await expect(sizeOf(files)).rejects.toThrow();
    }
    await rm(files.get(layers[0]?.diff_id ?? '') ?? '');
    await expect(sizeOf(files)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  /** Reads the raw stream, as Docker's client does. */
  async function sizeOf(files: ReadonlyMap<string, string>): Promise<number> {
    let size = 0;
    const archive = openImageArchive({ image, config, manifest, tag, layerFiles: files });
    for await (const chunk of archive as AsyncIterable<Buffer>) size += chunk.length;
    return size;
  }
});
