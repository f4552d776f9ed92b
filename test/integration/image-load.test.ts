// What the thin transfer of images rests on, against both kinds of image store: Docker 20.10 with a graph driver (this
// box's engine) and Docker 26 with the containerd store (a Debian 13 machine of the lab).
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openEngine } from '../../lab/engine.ts';
import { type Lab, openLab } from '../../lab/lab.ts';
import { STAGING_DIR, partPath } from '../../src/convocate-agent/activation/arriving-layer.ts';
import { PROOF_LABEL } from '../../src/convocate-agent/activation/stage-image.ts';
import { stageArrivingImage } from '../../src/convocate-agent/activation/stage-arriving-image.ts';
import { DockerImages } from '../../src/convocate-agent/docker/images.ts';
import type { InstalledRelease } from '../../src/convocate-agent/release-home.ts';
import type { StageOutcome } from '../../src/protocol/layer-transfer.ts';
import { BlobStore } from '../../src/release/blob-store.ts';
import { openImageArchive } from '../../src/release/image-archive.ts';
import { ensurePatch } from '../../src/release/layer-patch.ts';
import type { Manifest } from '../../src/release/manifest.ts';
import { type SmallImage, checkLayer, smallImage, uniqueLayer } from './support/small-image.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-image-load-${process.pid}`,
}));
vi.mock('../../src/protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../../src/protocol/host-layout.ts')>();
  return { ...layout, AGENT_HOST: { ...layout.AGENT_HOST, stateDir: `${root}/state` } };
});

interface Store {
  readonly name: string;
  readonly open: () => Promise<{ readonly socket: string; readonly close: () => Promise<void> }>;
  /** What this store calls an image. */
  readonly idOf: (one: SmallImage) => string;
  /** Whether a load that fails leaves its tag behind, to an image that is broken. */
  readonly leavesBrokenTag: boolean;
}

const STORES: readonly Store[] = [
  {
    name: 'a graph driver (Docker 20.10)',
    open: async () => {
      const { dockerHost } = await openEngine();
      const socket = dockerHost?.replace('unix://', '') ?? '/var/run/docker.sock';
      return { socket, close: () => Promise.resolve() };
    },
    idOf: ({ image }) => `sha256:${image.config_digest}`,
    leavesBrokenTag: false,
  },
  {
    name: 'the containerd store (Docker 26)',
    open: async () => {
      const lab = await openLab({ name: 'image-load', agents: 0, kind: 'trixie' });
      const socket = join(root, 'trixie.sock');
      const bridge = await bridgeTo(lab, socket);
      return {
        socket,
        close: async () => {
          bridge.close();
          await lab.close();
        },
      };
    },
    idOf: ({ image }) => `sha256:${image.manifest_digest}`,
    leavesBrokenTag: true,
  },
];

/** The Docker socket of the lab's machine, as a socket here: each connection is one `docker system dial-stdio` there. */
async function bridgeTo(lab: Lab, socketPath: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    const child = lab.shell.spawn(['docker', 'system', 'dial-stdio']);
    if (!child.stdin || !child.stdout) throw new Error('no pipes');
    for (const stream of [connection, child.stdin, child.stdout]) stream.on('error', () => {}); // 'close' follows
    connection.pipe(child.stdin);
    child.stdout.pipe(connection);
    connection.on('close', () => child.kill());
    child.stderr?.resume();
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return server;
}

beforeAll(() => mkdir(root, { recursive: true }));
afterAll(() => rm(root, { recursive: true, force: true }));

const layersOf = ({ image }: SmallImage): string[] => image.layers.map((layer) => layer.diff_id);

const other = (layer: Buffer | undefined): Buffer =>
  Buffer.from((layer ?? Buffer.alloc(0)).map((byte, at) => (at > 600 && at < 700 ? byte ^ 1 : byte)));

describe.each(STORES)('$name', ({ open, idOf, leavesBrokenTag }) => {
  let docker: DockerImages;
  let socket: string;
  let close: () => Promise<void>;
  let version: string;
  let tags: string[];
  let directory: string;

  beforeAll(async () => {
    ({ socket, close } = await open());
    docker = new DockerImages(socket);
  });
  afterAll(() => close());

  beforeEach(async () => {
    version = `test-${randomBytes(6).toString('hex')}`;
    tags = [];
    directory = await mkdtemp(join(tmpdir(), 'convocate-image-load-'));
  });
  afterEach(async () => {
    for (const tag of tags) await docker.untag(tag);
    await rm(directory, { recursive: true, force: true });
    await rm(STAGING_DIR, { recursive: true, force: true });
  });

  /** Loads the archive with the layers at these places; `content` may put another content into one. */
  async function load(
    one: SmallImage,
    places: readonly number[],
    content: Readonly<Record<number, Buffer>> = {},
  ): Promise<void> {
    const layers = new Map(
      places.map((place) => [
        one.image.layers[place]?.diff_id ?? '',
        () => Readable.from([content[place] ?? one.layers[place] ?? Buffer.alloc(0)]),
      ]),
    );
    const { image, config, manifest } = one;
    tags.push(image.tag);
    await docker.load(openImageArchive({ image, config, manifest, tag: image.tag, layers }));
  }
  /** By name, whole or broken: the containerd store does not list a broken image. */
  const isKnown = async (tag: string): Promise<boolean> => {
    const known = await docker.inspect(tag).then(
      (found) => found !== undefined,
      () => true,
    );
    return known;
  };

  describe('an archive of ours', () => {
    test('loads, and the image has the id and the layers that were known before', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      await load(one, [0, 1]);
      expect(await docker.inspect(one.image.tag)).toEqual({ id: idOf(one), layers: layersOf(one) });
      expect(await docker.chains()).toContainEqual(layersOf(one));
      expect(
        await docker.tryOut(one.image.tag, '/usr/local/lib/convocate-session/check', 'convocate.test'),
      ).toEqual({ exitCode: 0, output: '' });
    });

    test('loads without the layers that the host has', async () => {
      const base = await uniqueLayer('base');
      await load(smallImage(`${version}-1`, [base, await checkLayer(0)]), [0, 1]);
      const next = smallImage(`${version}-2`, [base, await checkLayer(0)]);
      await load(next, [1]);
      expect(await docker.inspect(next.image.tag)).toEqual({ id: idOf(next), layers: layersOf(next) });
      expect(
        (await docker.tryOut(next.image.tag, '/usr/local/lib/convocate-session/check', 'convocate.test'))
          .exitCode,
      ).toBe(0);
    });

    test('without a layer that the host lacks is told by Docker', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      await expect(load(one, [1])).rejects.toThrow(/^docker load failed: /);
      expect(await isKnown(one.image.tag)).toBe(leavesBrokenTag);
    });

    test('with a corrupt layer is told by Docker', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      await expect(load(one, [0, 1], { 0: other(one.layers[0]) })).rejects.toThrow(/^docker load failed: /);
      expect(await isKnown(one.image.tag)).toBe(leavesBrokenTag);
    });
  });

  /** A release on a host. */
  async function installed(one: SmallImage): Promise<InstalledRelease> {
    await mkdir(join(directory, 'image'), { recursive: true });
    await writeFile(join(directory, 'image/config.json'), one.config);
    await writeFile(join(directory, 'image/manifest.json'), one.manifest);
    tags.push(one.image.tag);
    const manifest = { version: one.image.tag.replace('convocate:', ''), image: one.image } as Manifest;
    return { directory, manifest, manifestText: '' };
  }

  /** Puts the image into `by` with these of its layers sent; `arrives` may send other bytes than it says. */
  async function stage(
    one: SmallImage,
    places: readonly number[],
    { by = docker, arrives = (packed) => packed, offsets = {}, patches = {} }: StageOptions = {},
  ): Promise<StageOutcome> {
    const packed = places.map((place) => patches[place]?.packed ?? zstdCompressSync(one.layers[place] ?? ''));
    const sent = places.map((place, index) => ({
      ...(patches[place] && { base: patches[place].base }),
      diffId: one.image.layers[place]?.diff_id ?? '',
      offset: offsets[place] ?? 0,
      packedBytes: packed[index]?.length ?? 0,
    }));
    const bytes = packed.map((layer, index) => layer.subarray(sent[index]?.offset));
    const stdin = Readable.from(bytes.map((layer, index) => arrives(layer, places[index] ?? 0)));
    return await stageArrivingImage(await installed(one), by, { sent, stdin }, () => {});
  }

  const traces = async (): Promise<string[]> => [
    ...(await docker.tagsOf('convocate-staging')).filter((tag) => tag.includes(version)),
    ...(await readdir(STAGING_DIR).catch(() => [])),
  ];

  const proofs = async (): Promise<unknown> => {
    const { default: Docker } = await import('dockerode');
    return await new Docker({ socketPath: socket }).listContainers({
      all: true,
      filters: { label: ['convocate.proof'] },
    });
  };

  describe('staging', () => {
    test('gives the tag to a proven image, once, and leaves nothing else', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      expect(await stage(one, [0, 1])).toEqual({ outcome: 'loaded' });
      expect(await docker.inspect(one.image.tag)).toEqual({ id: idOf(one), layers: layersOf(one) });
      expect([await traces(), await proofs()]).toEqual([[], []]);
      expect(await stage(one, [1])).toEqual({ outcome: 'present' });
      expect(await traces()).toEqual([]);
    });

    test('takes the next release from its last layer alone', async () => {
      const base = await uniqueLayer('base');
      await stage(smallImage(`${version}-1`, [base, await checkLayer(0)]), [0, 1]);
      const next = smallImage(`${version}-2`, [base, await checkLayer(0)]);
      expect(await stage(next, [1])).toEqual({ outcome: 'loaded' });
      expect(await docker.inspect(next.image.tag)).toEqual({ id: idOf(next), layers: layersOf(next) });
    });

    test('takes all layers where Docker has the lower ones too', async () => {
      const base = await uniqueLayer('base');
      await stage(smallImage(`${version}-1`, [base, await checkLayer(0)]), [0, 1]);
      const next = smallImage(`${version}-2`, [base, await checkLayer(0)]);
      expect(await stage(next, [0, 1])).toEqual({ outcome: 'loaded' });
      expect(await docker.inspect(next.image.tag)).toEqual({ id: idOf(next), layers: layersOf(next) });
    });

    test('asks for all layers where one was neither sent nor is there', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      expect(await stage(one, [1])).toEqual({
        outcome: 'incomplete',
        why: expect.stringMatching(/^layer [0-9a-f]{12} was not sent and Docker does not have it$/) as string,
      });
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
    });

    test('asks for all layers where the image came out broken, and takes its tag away', async () => {
      class Mistaken extends DockerImages {
        /** As where the base was removed between the look and the load. */
        override chains(): Promise<(readonly string[])[]> {
          return Promise.resolve([layersOf(one).slice(0, 1)]);
        }
      }
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      expect(await stage(one, [1], { by: new Mistaken(socket) })).toMatchObject({ outcome: 'incomplete' });
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
      expect((await traces()).filter((name) => name.includes('convocate-staging'))).toEqual([]);
      expect(await stage(one, [0, 1])).toEqual({ outcome: 'loaded' });
    });

    test('names a damaged layer, throws it away alone, and takes it when it is sent again', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      const [lower, upper] = layersOf(one);
      const damaged = await stage(one, [0, 1], {
        arrives: (packed, place) => (place === 1 ? flipped(packed) : packed),
      });
      expect(damaged).toMatchObject({ outcome: 'damaged', layer: upper });
      expect(await traces()).toEqual([basename(partPath({ diffId: lower ?? '' }))]);
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
      const whole = zstdCompressSync(one.layers[0] ?? '').length;
      expect(await stage(one, [0, 1], { offsets: { 0: whole } })).toEqual({ outcome: 'loaded' });
      expect(await traces()).toEqual([]);
    });

    test('that is cut off ends by itself, keeps what came and leaves no tag', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      const cut = stage(one, [0, 1], {
        arrives: (packed, place) => (place === 1 ? packed.subarray(0, 40) : packed),
      });
      await expect(cut).rejects.toThrow('the layers were cut off on their way; what came is kept');
      expect((await traces()).sort()).toEqual(
        layersOf(one)
          .map((diffId) => basename(partPath({ diffId })))
          .sort(),
      );
      const offsets = { 0: zstdCompressSync(one.layers[0] ?? '').length, 1: 40 };
      expect(await stage(one, [0, 1], { offsets })).toEqual({ outcome: 'loaded' });
    });

    describe('a layer that comes as a patch', () => {
      let [first, next]: SmallImage[] = [];
      let patch: Patch;
      beforeEach(async () => {
        const base = await uniqueLayer('big', 400_000);
        const changed = Buffer.from(base);
        changed.write('a new build of the same program', 200_000);
        [first, next] = [
          smallImage(`${version}-1`, [await uniqueLayer('lower'), base, await checkLayer(0)]),
          smallImage(`${version}-2`, [await uniqueLayer('lower'), changed, await checkLayer(0)]),
        ];
        patch = await patchBetween(base, changed);
      });
      const three = [0, 1, 2];

      test('is made of the one that Docker has', async () => {
        if (!first || !next) throw new Error('both are made above');
        expect(patch.packed.length).toBeLessThan(1000);
        await stage(first, three);
        expect(await stage(next, three, { patches: { 1: patch } })).toEqual({ outcome: 'loaded' });
        expect(await docker.inspect(next.image.tag)).toEqual({ id: idOf(next), layers: layersOf(next) });
        expect(await traces()).toEqual([]);
      });

      test('goes on after a cut', async () => {
        if (!first || !next) throw new Error('both are made above');
        await stage(first, three);
        const cut = stage(next, three, {
          patches: { 1: patch },
          arrives: (packed, place) =>
            place === 1 ? packed.subarray(0, 50) : packed.subarray(0, place === 2 ? 0 : undefined),
        });
        await expect(cut).rejects.toThrow('the layers were cut off on their way');
        const offsets = { 0: zstdCompressSync(next.layers[0] ?? '').length, 1: 50 };
        expect(await stage(next, three, { patches: { 1: patch }, offsets })).toEqual({ outcome: 'loaded' });
      });

      test('is damaged where its bytes are', async () => {
        if (!first || !next) throw new Error('both are made above');
        await stage(first, three);
        const arrives = (packed: Buffer, place: number): Buffer => (place === 1 ? flipped(packed) : packed);
        const outcome = await stage(next, three, { patches: { 1: patch }, arrives });
        expect(outcome).toMatchObject({ outcome: 'damaged', layer: layersOf(next)[1] });
        const lower = basename(partPath({ diffId: layersOf(next)[0] ?? '' }));
        expect(await traces()).toEqual([lower]);
      });

      test('is asked for whole where Docker has not what it builds on', async () => {
        if (!next) throw new Error('it is made above');
        const outcome = await stage(next, three, { patches: { 1: patch } });
        expect(outcome).toEqual({
          outcome: 'unpatchable',
          layer: layersOf(next)[1],
          why: 'no image here holds the layer it builds on',
        });
        expect(await docker.inspect(next.image.tag)).toBe(undefined);
      });
    });

    test('removes the container of a proof that was ended before it could: it would pin its image', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      await stage(one, [0, 1]);
      const { default: Docker } = await import('dockerode');
      const left = { Image: one.image.tag, Labels: { [PROOF_LABEL]: 'true' } };
      await new Docker({ socketPath: socket }).createContainer(left);
      expect(await proofs()).toHaveLength(1);
      expect(await stage(one, [1])).toEqual({ outcome: 'present' });
      expect(await proofs()).toEqual([]);
      await docker.untag(one.image.tag);
    });

    test('refuses an image from which no session would run', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(3)]);
      await expect(stage(one, [0, 1])).rejects.toMatchObject({
        message: `a container from ${one.image.tag} does not run`,
        details: { exitCode: 3 },
      });
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
      expect(await proofs()).toEqual([]);
    });
  });
});

interface StageOptions {
  readonly by?: DockerImages;
  readonly arrives?: (packed: Buffer, place: number) => Buffer;
  /** By place: the patch that is sent instead of the layer. */
  readonly patches?: Readonly<Record<number, Patch>>;
  /** By place: what an earlier transfer left. */
  readonly offsets?: Readonly<Record<number, number>>;
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

interface Patch {
  readonly packed: Buffer;
  readonly base: { readonly diffId: string; readonly sizeBytes: number };
}

async function patchBetween(base: Buffer, layer: Buffer): Promise<Patch> {
  const directory = await mkdtemp(join(tmpdir(), 'convocate-patch-'));
  try {
    const store = new BlobStore(directory);
    const [to, from] = [await store.putBytes(layer, 'zst'), await store.putBytes(base, 'zst')];
    await ensurePatch(store, to.sha256, from.sha256);
    const packed = await buffer(store.openPatch(to.sha256, from.sha256));
    return { packed, base: { diffId: from.sha256, sizeBytes: from.size } };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
