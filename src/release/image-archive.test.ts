import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { extract } from 'tar-stream';
import { describe, expect, test, vi } from 'vitest';
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

  type Opener = () => AsyncIterable<Buffer>;

  async function* inPieces(text: string): AsyncGenerator<Buffer> {
    for (let at = 0; at < text.length; at += 1_000_000) yield Buffer.from(text.slice(at, at + 1_000_000));
  }

  function openers(positions: readonly number[]): Map<string, Opener> {
    return new Map(
      positions.map((at) => [
        layers[at]?.diff_id ?? '',
        (): AsyncIterable<Buffer> => inPieces(contents[at] ?? ''),
      ]),
    );
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
      const source = { image, config, manifest, tag, layers: openers(positions) };
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
      layers: openers([0]),
    });
    expect(entries.filter(([name]) => name === `blobs/sha256/${layers[0]?.diff_id}`)).toHaveLength(1);
  });

  test('fails where a layer breaks off or is of another size, with its reason, instead of ending short', async () => {
    const id = layers[2]?.diff_id ?? '';
    for (const wrong of ['short', `${contents[2]} and more`]) {
      await expect(sizeOf(openers([0, 2]).set(id, () => inPieces(wrong)))).rejects.toThrow();
    }
    const broken = openers([0, 2]).set(id, async function* () {
      yield Buffer.from('x'.repeat(1000));
      throw new Error('cut off on its way');
    });
    await expect(sizeOf(broken)).rejects.toThrow('cut off on its way');
  });

  test('opens a layer when its turn comes, and closes it when nobody reads on', async () => {
    const said: string[] = [];
    const watched = (name: string): Opener =>
      async function* () {
        said.push(`open ${name}`);
        try {
          for (let piece = 0; ; piece += 1) yield Buffer.alloc(1_000_000);
        } finally {
          said.push(`close ${name}`);
        }
      };
    const files = new Map([
      [layers[0]?.diff_id ?? '', (): AsyncIterable<Buffer> => inPieces(contents[0] ?? '')],
      [layers[2]?.diff_id ?? '', watched('third')],
    ]);
    const archive = openImageArchive({ image, config, manifest, tag, layers: files });
    expect(said).toEqual([]);
    for await (const chunk of archive as AsyncIterable<Buffer>) if (chunk.length > 100_000) break;
    await vi.waitFor(() => expect(said).toEqual(['open third', 'close third']));
  });

  /** Reads the raw stream, as Docker's client does. */
  async function sizeOf(files: ReadonlyMap<string, Opener>): Promise<number> {
    let size = 0;
    const archive = openImageArchive({ image, config, manifest, tag, layers: files });
    for await (const chunk of archive as AsyncIterable<Buffer>) size += chunk.length;
    return size;
  }
});
