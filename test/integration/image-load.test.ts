// What the thin transfer of images rests on, against both kinds of image store: Docker 20.10 with a graph driver (this
// box's engine) and Docker 26 with the containerd store (a Debian 13 machine of the lab).
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openEngine } from '../../lab/engine.ts';
import { type Lab, openLab } from '../../lab/lab.ts';
import { OperationError } from '../../src/base/errors.ts';
import { STAGING_DIR, stagedLayerPath } from '../../src/convocate-agent/activation/receive-layer.ts';
import { stageImage } from '../../src/convocate-agent/activation/stage-image.ts';
import { DockerImages } from '../../src/convocate-agent/docker/images.ts';
import type { InstalledRelease } from '../../src/convocate-agent/release-home.ts';
import { openImageArchive } from '../../src/release/image-archive.ts';
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
    const layerFiles = new Map<string, string>();
    for (const place of places) {
      const path = join(directory, `layer-${place}`);
      await writeFile(path, zstdCompressSync(content[place] ?? one.layers[place] ?? ''));
      layerFiles.set(one.image.layers[place]?.diff_id ?? '', path);
    }
    const { image, config, manifest } = one;
    tags.push(image.tag);
    await docker.load(openImageArchive({ image, config, manifest, tag: image.tag, layerFiles }));
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

  /** A release on a host, with these of its layers sent. */
  async function sent(one: SmallImage, places: readonly number[]): Promise<InstalledRelease> {
    await mkdir(join(directory, 'image'), { recursive: true });
    await writeFile(join(directory, 'image/config.json'), one.config);
    await writeFile(join(directory, 'image/manifest.json'), one.manifest);
    await mkdir(STAGING_DIR, { recursive: true });
    for (const place of places) {
      await writeFile(
        stagedLayerPath(one.image.layers[place]?.diff_id ?? ''),
        zstdCompressSync(one.layers[place] ?? ''),
      );
    }
    tags.push(one.image.tag);
    const manifest = { version: one.image.tag.replace('convocate:', ''), image: one.image } as Manifest;
    return { directory, manifest, manifestText: '' };
  }

  const traces = async (): Promise<string[]> => [
    ...(await docker.tagsOf('convocate-staging')).filter((tag) => tag.includes(version)),
    ...(await readdir(STAGING_DIR)),
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
      const release = await sent(one, [0, 1]);
      expect(await stageImage(release, docker)).toBe('loaded');
      expect(await docker.inspect(one.image.tag)).toEqual({ id: idOf(one), layers: layersOf(one) });
      expect([await traces(), await proofs()]).toEqual([[], []]);
      expect(await stageImage(await sent(one, [1]), docker)).toBe('present');
      expect(await traces()).toEqual([]);
    });

    test('takes the next release from its last layer alone', async () => {
      const base = await uniqueLayer('base');
      await stageImage(await sent(smallImage(`${version}-1`, [base, await checkLayer(0)]), [0, 1]), docker);
      const next = smallImage(`${version}-2`, [base, await checkLayer(0)]);
      expect(await stageImage(await sent(next, [1]), docker)).toBe('loaded');
      expect(await docker.inspect(next.image.tag)).toEqual({ id: idOf(next), layers: layersOf(next) });
    });

    test('refuses where a layer was neither sent nor is there', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      await expect(stageImage(await sent(one, [1]), docker)).rejects.toThrow(
        /^layer [0-9a-f]{12} was not sent and Docker does not have it$/,
      );
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
    });

    test('refuses an image that came out broken, and takes its tag away', async () => {
      class Mistaken extends DockerImages {
        /** As where the base was removed between the look and the load. */
        override chains(): Promise<(readonly string[])[]> {
          return Promise.resolve([layersOf(one).slice(0, 1)]);
        }
      }
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      await expect(stageImage(await sent(one, [1]), new Mistaken(socket))).rejects.toThrow(OperationError);
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
      expect((await traces()).filter((name) => name.includes('convocate-staging'))).toEqual([]);
    });

    test('refuses a layer that was damaged on the disk', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(0)]);
      const release = await sent(one, [0, 1]);
      await writeFile(
        stagedLayerPath(one.image.layers[0]?.diff_id ?? ''),
        zstdCompressSync(other(one.layers[0])),
      );
      await expect(stageImage(release, docker)).rejects.toThrow(OperationError);
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
      expect(await docker.tagsOf('convocate-staging')).not.toContain(`convocate-staging:${version}`);
    });

    test('refuses an image from which no session would run', async () => {
      const one = smallImage(version, [await uniqueLayer('base'), await checkLayer(3)]);
      await expect(stageImage(await sent(one, [0, 1]), docker)).rejects.toMatchObject({
        message: `a container from ${one.image.tag} does not run`,
        details: { exitCode: 3 },
      });
      expect(await docker.inspect(one.image.tag)).toBe(undefined);
      expect(await proofs()).toEqual([]);
    });
  });
});
