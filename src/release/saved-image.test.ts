import { createHash } from 'node:crypto';

import { mkdtemp, readdir, rm } from 'node:fs/promises';

import { tmpdir } from 'node:os';

import { join } from 'node:path';

import { Readable } from 'node:stream';

import { buffer } from 'node:stream/consumers';

import { gzipSync, zstdCompressSync } from 'node:zlib';

import { pack } from 'tar-stream';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { OperationError } from '../base/errors.ts';

import { BlobStore } from './blob-store.ts';

import { ociManifest } from './oci.ts';

import { importSavedImage } from './saved-image.ts';

let directory: string;

let store: BlobStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-saved-'));
  store = new BlobStore(directory);
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** A tar as a stream; an entry with `to` is a symbolic link. */
type Entry = readonly [name: string, content: string | Buffer | { readonly to: string }];

async function bytesOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of entries) {
    if (typeof content === 'object' && 'to' in content)
      tar.entry({ name, type: 'symlink', linkname: content.to });
    else if (name.endsWith('/')) tar.entry({ name, type: 'directory' });
    else tar.entry({ name }, content);
  }
  tar.finalize();
  return await buffer(tar);
}

const stream = async (entries: readonly Entry[]): Promise<Readable> =>
  Readable.from([await bytesOf(entries)]);

const layer = (name: string): Promise<Buffer> => bytesOf([[name, `content of ${name}`]]);

interface Parts {
  readonly layers: readonly Buffer[];
  readonly config: string;
}

const blob = (content: string | Buffer): string => `blobs/sha256/${sha256(content)}`;

/** The form of Docker 25 and later: an OCI layout with Docker's manifest beside it. */
function modern({ config }: Parts, layers: readonly Buffer[]): Entry[] {
  const manifest = '{"schemaVersion":2}';
  return [
    ['blobs/', ''],
    ['blobs/sha256/', ''],
    ...layers.map((content): Entry => [blob(content), content]),
    [blob(config), config],
    [blob(manifest), manifest],
    ['index.json', '{"manifests":[]}'],
    [
      'manifest.json',
      JSON.stringify([{ Config: blob(config), RepoTags: ['a:b'], Layers: layers.map(blob) }]),
    ],
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
  ];
}

async function parts(): Promise<Parts> {
  const layers = [await layer('base'), await layer('top')];
  const config = JSON.stringify({
    architecture: 'amd64',
    rootfs: { diff_ids: layers.map((one) => `sha256:${sha256(one)}`) },
  });
  return { layers, config };
}

/** The form of Docker 20.10: a folder per layer, one that occurs again as a link to the first. */
function legacy({ config }: Parts, layers: readonly (Buffer | { readonly to: string })[]): Entry[] {
  const names = layers.map((_layer, index) => `${String(index).repeat(64)}/`);
  const configName = `${sha256(config)}.json`;
  return [
    ...layers.flatMap((content, index): Entry[] => [
      [names[index] ?? '', ''],
      [`${names[index]}VERSION`, '1.0'],
      [`${names[index]}json`, '{"id":"x"}'],
      [`${names[index]}layer.tar`, content],
    ]),
    [configName, config],
    [
      'manifest.json',
      JSON.stringify([
        { Config: configName, RepoTags: ['a:b'], Layers: names.map((name) => `${name}layer.tar`) },
      ]),
    ],
    ['repositories', '{"a":{"b":"x"}}'],
  ];
}

async function expectImported(entries: readonly Entry[], { layers, config }: Parts): Promise<void> {
  const described = layers.map((content) => ({ diff_id: sha256(content), size: content.length }));
  const manifest = ociManifest(Buffer.from(config), described);
  expect(await importSavedImage(await stream(entries), store)).toEqual({
    config: Buffer.from(config),
    manifest,
    image: { config_digest: sha256(config), manifest_digest: sha256(manifest), layers: described },
  });
  for (const content of layers) expect((await store.read(sha256(content), 'zst')).equals(content)).toBe(true);
  expect((await readdir(directory)).sort()).toEqual(
    [...new Set(layers.map((one) => `${sha256(one)}.zst`))].sort(),
  );
}

describe('an image is taken in', () => {
  test('from Docker 20.10', async () => {
    const image = await parts();
    await expectImported(legacy(image, image.layers), image);
  });

  test('from Docker 20.10, with a layer that occurs twice', async () => {
    const [base = Buffer.alloc(0)] = (await parts()).layers;
    const config = JSON.stringify({
      rootfs: { diff_ids: [base, base].map((one) => `sha256:${sha256(one)}`) },
    });
    const image = { layers: [base, base], config };
    await expectImported(legacy(image, [base, { to: `../${'0'.repeat(64)}/layer.tar` }]), image);
  });

  test('from Docker 20.10, where the link comes before what it points to', async () => {
    const [base = Buffer.alloc(0)] = (await parts()).layers;
    const config = JSON.stringify({
      rootfs: { diff_ids: [base, base].map((one) => `sha256:${sha256(one)}`) },
    });
    const image = { layers: [base, base], config };
    await expectImported(legacy(image, [{ to: `../${'1'.repeat(64)}/layer.tar` }, base]), image);
  });

  test('from Docker 25 and later', async () => {
    const image = await parts();
    await expectImported(modern(image, image.layers), image);
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('from the containerd store, which keeps layers packed with %s', async (_name, packed) => {
    const image = await parts();
    await expectImported(
      modern(
        image,
        image.layers.map((content) => packed(content)),
      ),
      image,
    );
  });

  test('whatever the first file of a layer is called', async () => {
    const odd = await layer('{"looks":"like JSON"}');
    const list = await layer('[');
    const config = JSON.stringify({
      rootfs: { diff_ids: [odd, list].map((one) => `sha256:${sha256(one)}`) },
    });
    const image = { layers: [odd, list], config };
    await expectImported(modern(image, image.layers), image);
  });

  test('with layers of many megabytes, too large for documents', async () => {
    const big = await bytesOf([['big', Buffer.alloc(20_000_000, 'x')]]);
    const image = {
      layers: [big],
      config: JSON.stringify({ rootfs: { diff_ids: [`sha256:${sha256(big)}`] } }),
    };
    await expectImported(modern(image, image.layers), image);
  });
});

const notTheLayer = (position: number): string =>
  `docker save gave an archive whose layer ${position} is not the one its config names`;

async function refusal(entries: readonly Entry[]): Promise<unknown> {
  return await importSavedImage(await stream(entries), store).catch((error: unknown) => error);
}

describe('an archive is refused', () => {
  test('where a layer is not the one its config names', async () => {
    const image = await parts();
    const swapped = image.layers.toReversed();
    const [base = Buffer.alloc(0)] = image.layers;
    for (const [layers, position] of [
      [swapped, 1],
      [[base, await layer('changed')], 2],
      [[base, gzipSync(await layer('changed'))], 2],
    ] as const) {
      const error = await refusal(modern(image, layers));
      expect(error).toBeInstanceOf(OperationError);
      expect(error).toMatchObject({ message: notTheLayer(position) });
    }
  });

  test('where it has fewer layers than its config names, or more', async () => {
    const image = await parts();
    const [base = Buffer.alloc(0), top = Buffer.alloc(0)] = image.layers;
    expect(await refusal(modern(image, [base]))).toBeInstanceOf(OperationError);
    expect(await refusal(modern(image, [base, top, await layer('more')]))).toMatchObject({
      message: notTheLayer(3),
    });
  });

  test('where a layer is missing', async () => {
    const image = await parts();
    const entries = modern(image, image.layers).filter(([, content]) => content !== image.layers[1]);
    expect(await refusal(entries)).toMatchObject({ message: notTheLayer(2) });
  });

  test.each(['manifest.json', 'config'])('without its %s', async (which) => {
    const image = await parts();
    const name = which === 'config' ? `blobs/sha256/${sha256(image.config)}` : which;
    const entries = modern(image, image.layers).filter(([entry]) => entry !== name);
    expect(await refusal(entries)).toEqual(new OperationError(`docker save gave an archive without ${name}`));
  });

  test('where a packed layer is damaged', async () => {
    const image = await parts();
    const damaged = gzipSync(image.layers[0] ?? '');
    damaged.fill(0xff, 20, 30);
    expect(await refusal(modern(image, [damaged, image.layers[1] ?? damaged]))).toBeInstanceOf(Error);
  });

  test('where it breaks off, or docker fails', async () => {
    const image = await parts();
    const bytes = await bytesOf(modern(image, image.layers));
    const half = Readable.from([bytes.subarray(0, bytes.length / 3)]);
    await expect(importSavedImage(half, store)).rejects.toThrow();
    async function* failing(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 700);
      throw new Error('docker save failed');
    }
    await expect(importSavedImage(Readable.from(failing()), store)).rejects.toThrow('docker save failed');
  });
});

test('an archive that cannot be stored is not left open: whoever writes it would wait for ever', async () => {
  const bytes = await bytesOf([['a/layer.tar', 'x'.repeat(5_000_000)]]);
  async function* goesOn(): AsyncGenerator<Buffer> {
    for (;;) yield bytes.subarray(0, 4_000_000);
  }
  const saved = Readable.from(goesOn());
  store.put = () => Promise.reject(new Error('ENOSPC: no space left on device, write'));
  await expect(importSavedImage(saved, store)).rejects.toThrow('ENOSPC');
  expect(saved.destroyed).toBe(true);
});
