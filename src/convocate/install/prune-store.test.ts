import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../../release/manifest.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { oldVersions, pruneStore, unneededEntries } from './prune-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const digestOf = (place: number): string => place.toString(16).padStart(64, '0');
const sign = (): Promise<string> => Promise.resolve('signed');

/** Of one program file and these layers, each given by a number. */
const manifestOf = (version: string, file: number, layers: readonly number[]): Manifest => ({
  format: 1,
  version,
  git_revision: '53e82ab',
  protocol: { min: 1, max: 1 },
  requires: { machine: 'x86_64', glibc: '2.28' },
  inputs_digest: digestOf(0),
  files: [{ path: 'VERSION', sha256: digestOf(file), size: 1, executable: false }],
  image: {
    tag: `convocate:${version}`,
    config_digest: digestOf(0),
    manifest_digest: digestOf(0),
    layers: layers.map((layer) => ({ diff_id: digestOf(layer), size: 1 })),
    base: '',
    toolchain: '',
  },
});

test('kept are the current release, what agents are on, and the ten newest others', () => {
  const versions = Array.from({ length: 14 }, (_none, place) => ({
    version: `v${place}`,
    installedMs: NOW_MS + place,
  }));
  expect(oldVersions(versions, ['v13', 'v1', '', 'v99', undefined])).toEqual(['v2', 'v0']);
  expect(oldVersions(versions.slice(0, 10), [])).toEqual([]);
});

test('of the blobs goes what no kept release has; of the patches, what lacks one of its layers', () => {
  const kept = [manifestOf('v1', 1, [10, 11]), manifestOf('v2', 2, [10, 12])];
  const patch = (layer: number, base: number): string => `${digestOf(layer)}.from-${digestOf(base)}.zst`;
  const stays = [
    ...[`${digestOf(1)}.gz`, `${digestOf(2)}.gz`, `${digestOf(12)}.zst`, patch(12, 11), patch(11, 12)],
    'lost+found',
  ];
  const goes = [
    `${digestOf(3)}.gz`,
    `${digestOf(1)}.zst`,
    `${digestOf(12)}.gz`,
    patch(12, 13),
    patch(13, 12),
  ];
  const entries = [...stays, ...goes].map((name) => ({ name, size: 1, changedMs: NOW_MS - 400 * DAY_MS }));
  expect(unneededEntries(entries, kept, NOW_MS).map(({ name }) => name)).toEqual(goes);
});

test.each([
  [0, false],
  [23, false],
  [25, true],
  [-25, true],
])('what was being made %i hours ago goes: %s', (hours, goes) => {
  const entry = { name: '.incoming-1', size: 1, changedMs: NOW_MS - (hours * DAY_MS) / 24 };
  expect(unneededEntries([entry], [], NOW_MS)).toEqual(goes ? [entry] : []);
});

describe('the store', () => {
  let directory: string;
  let store: ReleaseStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'convocate-prune-store-'));
    store = new ReleaseStore(directory);
    await mkdir(join(directory, 'blobs'));
    // Version n is of blob n, of a layer that all share, and of one of its own; each was installed a day after the other.
    for (let place = 1; place <= 13; place += 1) {
      const version = `v${place}`;
      await store.save(manifestOf(version, place, [99, 100 + place]), sign);
      await store.makeCurrent(version);
      const at = new Date(NOW_MS - (20 - place) * DAY_MS);
      await utimes(manifestPath(version), at, at);
      await writeFile(join(directory, 'blobs', `${digestOf(place)}.gz`), 'four');
      await writeFile(join(directory, 'blobs', `${digestOf(100 + place)}.zst`), 'layer');
    }
    await writeFile(join(directory, 'blobs', `${digestOf(99)}.zst`), 'shared');
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  const manifestPath = (version: string): string => join(directory, 'releases', version, 'manifest.json');
  const without = (...gone: string[]): string[] =>
    Array.from({ length: 13 }, (_none, place) => `v${place + 1}`)
      .filter((version) => !gone.includes(version))
      .sort();

  test('loses old releases with the blobs that were theirs alone, and says so; a second time, nothing', async () => {
    expect(await pruneStore(store, [], NOW_MS)).toBe(
      'pruned 2 old releases, and 4 blobs that no other has: 18 B freed',
    );
    expect(await store.versions()).toEqual(without('v1', 'v2'));
    const blobs = await readdir(join(directory, 'blobs'));
    expect(blobs).toHaveLength(13 * 2 + 1 - 4);
    for (const place of [1, 2]) expect(blobs).not.toContain(`${digestOf(place)}.gz`);
    expect(blobs).toContain(`${digestOf(99)}.zst`);
    expect(await pruneStore(store, [], NOW_MS)).toBe(undefined);
  });

  test('keeps what an agent is on, however old', async () => {
    await pruneStore(store, ['v1', ''], NOW_MS);
    expect(await store.versions()).toEqual(without('v2'));
  });

  test('takes one that was installed again for new, also when another has become current since', async () => {
    await store.makeCurrent('v1');
    await store.makeCurrent('v13');
    await pruneStore(store, [], NOW_MS);
    expect(await store.versions()).toEqual(without('v2', 'v3'));
  });

  test.each([
    ['damaged', () => writeFile(manifestPath('v9'), '{'), /the release manifest .*v9.* is damaged/],
    ['without its signature', () => rm(`${manifestPath('v9')}.sig`), /release v9 lies here without/],
  ])('loses nothing while a release that stays is %s', async (_how, harm, why) => {
    await harm();
    await expect(pruneStore(store, [], NOW_MS)).rejects.toThrow(why);
    expect(await store.versions()).toEqual(without());
    expect(await readdir(join(directory, 'blobs'))).toHaveLength(13 * 2 + 1);
  });

  test('loses a damaged one that is old', async () => {
    await writeFile(manifestPath('v1'), '{');
    const at = new Date(NOW_MS - 100 * DAY_MS);
    await utimes(manifestPath('v1'), at, at);
    await pruneStore(store, [], NOW_MS);
    expect(await store.versions()).toEqual(without('v1', 'v2'));
  });
});
