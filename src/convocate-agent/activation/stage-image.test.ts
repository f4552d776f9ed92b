import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OperationError } from '../../base/errors.ts';
import type { Manifest } from '../../release/manifest.ts';
import { DockerImages, type ImageFacts } from '../docker/images.ts';
import { STAGING_DIR } from './arriving-layer.ts';
import { stageImage } from './stage-image.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-stage-image-${process.pid}`,
}));
vi.mock('../../protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../../protocol/host-layout.ts')>();
  return { ...layout, AGENT_HOST: { ...layout.AGENT_HOST, stateDir: join(root, 'state') } };
});

const [lower, upper] = ['1'.repeat(64), '2'.repeat(64)];
const image = {
  tag: 'convocate:v2',
  config_digest: 'c'.repeat(64),
  manifest_digest: 'd'.repeat(64),
  layers: [lower, upper].map((diff_id) => ({ diff_id, size: 5 })),
  base: '',
  toolchain: '',
};
const release = { directory: root, manifest: { version: 'v2', image } as Manifest, manifestText: '' };
const facts: ImageFacts = { id: `sha256:${image.config_digest}`, layers: [lower, upper] };

/** An engine that has the lower layer and takes in the rest, but for what a test says. */
class Engine extends DockerImages {
  readonly untagged: string[] = [];
  constructor(changes: Partial<Pick<DockerImages, 'load' | 'tryOut' | 'untag' | 'chains'>> = {}) {
    super();
    Object.assign(this, changes);
  }
  override removeTrials = (): Promise<void> => Promise.resolve();
  override inspect = (tag: string): Promise<ImageFacts | undefined> =>
    Promise.resolve(tag === image.tag ? undefined : facts);
  override chains = (): Promise<(readonly string[])[]> => Promise.resolve([[lower]]);
  override load = async (archive: Readable): Promise<void> => void (await buffer(archive));
  override tryOut = (): Promise<{ exitCode: number; output: string }> =>
    Promise.resolve({ exitCode: 0, output: '' });
  override tag = (): Promise<void> => Promise.resolve();
  override untag = (tag: string): Promise<void> => {
    this.untagged.push(tag);
    return Promise.resolve();
  };
}

/** With the upper layer sent, or `both`. */
async function stage(docker: DockerImages, both = false): Promise<unknown> {
  const layer = (): AsyncIterable<Buffer> => Readable.from([Buffer.from('layer')]);
  const layers = new Map((both ? [lower, upper] : [upper]).map((diffId) => [diffId, layer]));
  return await stageImage(release, docker, layers).catch((error: unknown) => error);
}
const refusal = (words: string, statusCode = 500): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${words} `), { statusCode });
const broken = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });
const fails = (error: Error) => (): Promise<never> => Promise.reject(error);

beforeEach(async () => {
  for (const name of ['config', 'manifest']) {
    await mkdir(join(root, 'image'), { recursive: true });
    await writeFile(join(root, `image/${name}.json`), '{}');
  }
  await mkdir(STAGING_DIR, { recursive: true });
  await writeFile(join(STAGING_DIR, 'a.part'), '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

test('an image that is taken in and proven gets its tag, and what arrived goes', async () => {
  const engine = new Engine();
  expect(await stage(engine)).toBe('loaded');
  expect(engine.untagged).toEqual(['convocate-staging:v2']);
  await expect(readdir(STAGING_DIR)).rejects.toThrow('ENOENT');
});

describe('the layers that were left out are asked for where Docker answers', () => {
  test.each([
    [
      'that a load lacks one',
      { load: fails(new OperationError('docker load failed: open x: no such file')) },
    ],
    ['that a load is refused', { load: fails(refusal('layer does not exist')) }],
    ['that it makes no container of them', { tryOut: fails(refusal('content digest: not found', 404)) }],
    ['that it has other layers', { chains: (): Promise<never[]> => Promise.resolve([]) }],
  ])('%s', async (_what, changes) => {
    const engine = new Engine(changes);
    expect(await stage(engine)).toMatchObject({ outcome: { outcome: 'incomplete' } });
    expect(engine.untagged).toEqual(['convocate-staging:v2']);
    expect(await stage(new Engine(changes), true)).not.toHaveProperty('outcome');
  });
});

describe("Docker's own trouble is no reason to send layers: it is told, and what came is kept,", () => {
  const full = 'write /var/lib/docker/tmp/x: no space left on device';
  test.each([
    [
      'a full disk, told by the load',
      { load: fails(new OperationError(`docker load failed: ${full}`)) },
      full,
    ],
    ['a full disk, told by a status', { load: fails(refusal(full)) }, full],
    ['a full disk, told of the container', { tryOut: fails(refusal(full)) }, full],
    ['an engine that is killed', { load: fails(broken('ECONNRESET')) }, 'connect ECONNRESET'],
    ['an engine that is gone then', { tryOut: fails(broken('ECONNREFUSED')) }, 'connect ECONNREFUSED'],
    ['an engine that is down', { chains: fails(broken('ENOENT')) }, 'connect ENOENT'],
  ])('with %s', async (_what, changes, words) => {
    for (const both of [false, true]) {
      const error = await stage(new Engine(changes), both);
      expect(error).toMatchObject({
        name: 'OperationError',
        message: expect.stringMatching(
          new RegExp(`^Docker on this host has trouble of its own: .*${words}$`),
        ) as string,
        details: { hint: expect.stringContaining('systemctl status docker') as string },
      });
      expect(error).not.toHaveProperty('outcome');
      expect(await readdir(STAGING_DIR)).toEqual(['a.part']);
    }
  });
});

test('a tag that cannot be taken away hides nothing of what went wrong before', async () => {
  const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const down = fails(broken('ECONNREFUSED'));
  expect(await stage(new Engine({ load: down, untag: down }))).toMatchObject({
    message: 'Docker on this host has trouble of its own: connect ECONNREFUSED',
  });
  expect(printed.mock.calls).toEqual([
    ['the tag convocate-staging:v2 could not be removed: connect ECONNREFUSED\n'],
  ]);
});

test('a layer that breaks is told by its own error, not by what Docker makes of it', async () => {
  const layers = new Map([[upper, (): AsyncIterable<Buffer> => Readable.from(breaking())]]);
  await expect(stageImage(release, new Engine(), layers)).rejects.toThrow('the line was cut');
});

test('with a load that fails in the middle, whatever brings the layers ends', async () => {
  const ended = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield Buffer.alloc(100_000);
    } finally {
      ended.resolve();
    }
  }
  const takesOne = async (archive: Readable): Promise<never> => {
    await once(archive, 'readable');
    throw refusal('no space left on device');
  };
  const large = { ...image, layers: image.layers.map((layer) => ({ ...layer, size: 2 ** 40 })) };
  const layers = new Map([[upper, endless]]);
  const staging = stageImage(
    { ...release, manifest: { ...release.manifest, image: large } },
    new Engine({ load: takesOne }),
    layers,
  );
  await expect(staging).rejects.toThrow('no space left on device');
  await ended.promise;
});

async function* breaking(): AsyncGenerator<Buffer> {
  yield Buffer.from('la');
  await Promise.resolve();
  throw new Error('the line was cut');
}
