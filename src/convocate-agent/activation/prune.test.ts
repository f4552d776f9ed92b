import { link, lstat, mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DockerImages } from '../docker/images.ts';
import { linesOf, prune } from './prune.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-prune-${process.pid}`,
}));
vi.mock('../../protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../../protocol/host-layout.ts')>();
  const places = {
    releasesDir: `${root}/releases`,
    blobsDir: `${root}/blobs`,
    currentLink: `${root}/current`,
    previousLink: `${root}/previous`,
    rolloutDir: `${root}/rollout`,
    stateDir: `${root}/agent`,
  };
  return { ...layout, AGENT_HOST: { ...layout.AGENT_HOST, ...places } };
});

const digestOf = (letter: string): string => letter.repeat(64);
let untagged: string[];

/** Images by tag, and what containers were made from, `<label> of <tag>` for one with a label; anything else that is asked of it throws. */
function fakeDocker(images: Readonly<Record<string, string>>, used: readonly string[]): DockerImages {
  let inUse = [...used];
  const known = {
    removeTrials: (label: string) => {
      inUse = inUse.filter((name) => !name.startsWith(`${label} of `));
      return Promise.resolve();
    },
    usedByContainers: () => Promise.resolve(new Set(inUse.map((name) => name.replace(/^.* of /, '')))),
    tagsOf: (repository: string) =>
      Promise.resolve(Object.keys(images).filter((tag) => tag.startsWith(`${repository}:`))),
    inspect: (tag: string) =>
      Promise.resolve(images[tag] === undefined ? undefined : { id: images[tag], layers: [] }),
    untag: (tag: string) => {
      untagged.push(tag);
      return Promise.resolve();
    },
  };
  return new Proxy(known, {
    get: (target, name) => {
      if (name in target) return target[name as keyof typeof target];
      throw new Error(`the fake Docker was asked for ${String(name)}`);
    },
  }) as unknown as DockerImages;
}

/** A release whose one file is the blob of this letter. */
async function release(version: string, letter: string): Promise<void> {
  const blob = join(root, 'blobs', digestOf(letter));
  await mkdir(join(root, 'releases', version), { recursive: true });
  await writeFile(blob, letter, { flag: 'a' });
  await link(blob, join(root, 'releases', version, 'file'));
}

/** A release that is live, so that the others are not needed. */
async function makeLive(): Promise<void> {
  await mkdir(join(root, 'releases/live'), { recursive: true });
  await symlink('releases/live', join(root, 'current'));
}

beforeEach(async () => {
  untagged = [];
  await mkdir(join(root, 'blobs'), { recursive: true });
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('keeps what is live, the way back, and whatever a container was made from; the rest goes', async () => {
  for (const [version, letter] of [
    ['v1', 'a'],
    ['v2', 'b'],
    ['v3', 'c'],
    ['v4', 'd'],
    ['v5', 'e'],
  ] as const) {
    await release(version, letter);
  }
  await symlink('releases/v5', join(root, 'current'));
  await symlink(join(root, 'releases/v4'), join(root, 'previous'));
  const images = {
    'convocate:v1': 'id1',
    'convocate:v2': 'id2',
    'convocate:v3': 'id3',
    'convocate:v4': 'id4',
    'convocate:v5': 'id5',
    'debian:12': 'x',
  };
  expect(await prune(fakeDocker(images, ['convocate:v1', 'id2']))).toEqual({
    keptVersions: ['v1', 'v2', 'v4', 'v5'],
    removedImages: ['convocate:v3'],
    removedReleases: ['v3'],
    removedLeftovers: [],
  });
  // And whatever a load that was cut off may have left, listed by Docker or not.
  const staged = ['v1', 'v2', 'v3', 'v4', 'v5'].map((version) => `convocate-staging:${version}`);
  expect(untagged).toEqual(['convocate:v3', ...staged]);
  expect((await readdir(join(root, 'releases'))).sort()).toEqual(['v1', 'v2', 'v4', 'v5']);
  expect((await readdir(join(root, 'blobs'))).sort()).toEqual(['a', 'b', 'd', 'e'].map(digestOf));
});

test('keeps a blob that another release still has', async () => {
  await release('v1', 'a');
  await release('v2', 'a');
  await symlink('releases/v2', join(root, 'current'));
  expect((await prune(fakeDocker({}, []))).removedReleases).toEqual(['v1']);
  expect(await readdir(join(root, 'blobs'))).toEqual([digestOf('a')]);
});

describe('what a transfer left that was cut off', () => {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const LEFT = [
    'releases/.v3.new',
    'releases/.v3.new.files',
    `blobs/${digestOf('f')}.gz.part`,
    `blobs/${digestOf('f')}.tmp`,
    `agent/staging/${digestOf('e')}.zst.part`,
  ];

  /** All of it, with a file of the unpacked release that is the last but the blob; touched so many days ago. */
  async function leave(days: number): Promise<void> {
    await mkdir(join(root, LEFT[0] ?? ''), { recursive: true });
    await mkdir(join(root, 'agent/staging'), { recursive: true });
    await writeFile(join(root, 'blobs', digestOf('c')), 'c');
    await link(join(root, 'blobs', digestOf('c')), join(root, LEFT[0] ?? '', 'file'));
    for (const path of LEFT.slice(1)) await writeFile(join(root, path), 'half');
    await touchAll(days);
  }
  async function touchAll(days: number): Promise<void> {
    const at = (Date.now() - days * DAY_MS) / 1000;
    for (const path of LEFT) await utimes(join(root, path), at, at);
  }
  const leftovers = async (): Promise<readonly string[]> =>
    (await prune(fakeDocker({}, []))).removedLeftovers;

  test('stays for a week, so that the transfer can go on; then it goes, and the blobs that only it held', async () => {
    await makeLive();
    await leave(6);
    expect(await leftovers()).toEqual([]);
    expect(await readdir(join(root, 'blobs'))).toContain(digestOf('c'));
    await touchAll(8);
    expect(await leftovers()).toEqual(LEFT.map((path) => path.split('/').at(-1)));
    expect(await readdir(join(root, 'blobs'))).toEqual([]);
    expect(await readdir(join(root, 'releases'))).toEqual(['live']);
    expect(await readdir(join(root, 'agent/staging'))).toEqual([]);
  });

  test('from the future, where a clock was wrong, has its week from now on', async () => {
    await makeLive();
    await leave(-400);
    expect(await leftovers()).toEqual([]);
    for (const path of LEFT) expect((await lstat(join(root, path))).mtimeMs).toBeLessThanOrEqual(Date.now());
  });
});

test('removes the oldest first', async () => {
  for (const [version, stagedAt] of [
    ['v1', 300],
    ['v2', 100],
    ['v3', 200],
  ] as const) {
    await release(version, version.at(-1) ?? '');
    await utimes(join(root, 'releases', version), stagedAt, stagedAt);
  }
  await makeLive();
  expect((await prune(fakeDocker({}, []))).removedReleases).toEqual(['v2', 'v3', 'v1']);
});

test('takes away the tag of a load that was cut off', async () => {
  await makeLive();
  expect((await prune(fakeDocker({ 'convocate-staging:v9': 'id9' }, []))).removedImages).toEqual([
    'convocate-staging:v9',
  ]);
});

test.each(['armed', 'returning'])(
  'removes nothing while a rollout is %s: the release before the one before is still needed',
  async (kind) => {
    for (const [version, letter] of ['v0a', 'v1b', 'v2c', 'v3d'].map((both) => [both.slice(0, 2), both[2]]))
      await release(version ?? '', letter ?? '');
    await symlink('releases/v2', join(root, 'current'));
    await symlink('releases/v1', join(root, 'previous'));
    const open = { rollout: 7, from: 'v1', to: 'v2', previous: 'v0', deadline_s: 1, window_s: 60 };
    await mkdir(join(root, 'rollout'));
    await writeFile(join(root, `rollout/${kind}.json`), JSON.stringify(open));
    await expect(prune(fakeDocker({ 'convocate:v0': 'id0' }, []))).rejects.toMatchObject({
      message: 'a rollout is still open on this host, so nothing was removed',
      exit: 3,
    });
    expect(untagged).toEqual([]);
    expect((await readdir(join(root, 'releases'))).sort()).toEqual(['v0', 'v1', 'v2', 'v3']);
    await rm(join(root, `rollout/${kind}.json`));
    expect((await prune(fakeDocker({}, []))).removedReleases.toSorted()).toEqual(['v0', 'v3']);
  },
);

test('a container that is left of a proof keeps no release', async () => {
  await makeLive();
  await release('v1', 'a');
  const docker = fakeDocker({ 'convocate:v1': 'id1' }, ['convocate.proof of convocate:v1']);
  expect((await prune(docker)).removedImages).toEqual(['convocate:v1']);
});

test('is told in lines: images, releases, and leftovers', () => {
  const report = {
    keptVersions: ['v4'],
    removedImages: ['convocate:v3', 'convocate-staging:v2'],
    removedReleases: ['v2', 'v3'],
    removedLeftovers: ['.v1.new'],
  };
  expect(linesOf(report)).toEqual([
    'removed image convocate:v3',
    'removed image convocate-staging:v2',
    'removed release v2',
    'removed release v3',
    'removed .v1.new, left of a transfer that was cut off',
  ]);
  expect(linesOf({ ...report, removedImages: [], removedReleases: [], removedLeftovers: [] })).toEqual([]);
});

test.each([
  ['is none', () => Promise.resolve(), /^no release is live on this host, so nothing was removed$/],
  ['cannot be told', () => symlink('current', join(root, 'current')), /ELOOP/],
  [
    'is, but the way back cannot be told',
    () => makeLive().then(() => symlink('previous', join(root, 'previous'))),
    /ELOOP/,
  ],
])('removes nothing where the live release %s', async (_what, prepare, why) => {
  await release('v1', 'a');
  await prepare();
  await expect(prune(fakeDocker({ 'convocate:v1': 'id1' }, []))).rejects.toThrow(why);
  expect(untagged).toEqual([]);
  expect(await readdir(join(root, 'releases'))).toContain('v1');
});
