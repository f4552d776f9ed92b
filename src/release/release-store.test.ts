import { mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperationError } from '../base/errors.ts';
import { type Manifest, serializeManifest } from './manifest.ts';
import { ReleaseStore } from './release-store.ts';

let directory: string;
let store: ReleaseStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-releases-'));
  store = new ReleaseStore(directory);
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const DIGEST = 'a'.repeat(64);
const manifestOf = (version: string, revision = '53e82ab'): Manifest => ({
  format: 1,
  version,
  git_revision: revision,
  protocol: { min: 1, max: 1 },
  requires: { machine: 'x86_64', glibc: '2.28' },
  inputs_digest: DIGEST,
  files: [],
  image: {
    tag: `convocate:${version}`,
    config_digest: DIGEST,
    manifest_digest: DIGEST,
    layers: [{ diff_id: DIGEST, size: 1 }],
    base: '',
    toolchain: '',
  },
});
const sign = (text: string): Promise<string> => Promise.resolve(`signed ${text.length}`);

describe('a release', () => {
  test('is found as it was saved: manifest, the bytes that were signed, signature', async () => {
    const manifest = manifestOf('v1');
    const manifestText = serializeManifest(manifest);
    const saved = await store.save(manifest, sign);
    expect(saved).toEqual({ manifest, manifestText, signature: `signed ${manifestText.length}` });
    expect(await store.find('v1')).toEqual(saved);
    expect(await readFile(join(directory, 'releases/v1/manifest.json'), 'utf8')).toBe(manifestText);
    expect((await readdir(join(directory, 'releases/v1'))).sort()).toEqual([
      'manifest.json',
      'manifest.json.sig',
    ]);
  });

  test('takes the signature of another key, and stays what it is', async () => {
    const saved = await store.save(manifestOf('v1'), sign);
    await store.replaceSignature('v1', 'signed anew');
    expect(await store.find('v1')).toEqual({ ...saved, signature: 'signed anew' });
  });

  test('is not there before it was saved', async () => {
    expect(await store.find('v1')).toBe(undefined);
    expect(await store.versions()).toEqual([]);
    expect(await store.currentVersion()).toBe(undefined);
  });

  test('whose signing fails leaves nothing', async () => {
    await expect(store.save(manifestOf('v1'), () => Promise.reject(new Error('no key')))).rejects.toThrow(
      'no key',
    );
    expect(await store.versions()).toEqual([]);
    expect(await store.find('v1')).toBe(undefined);
  });

  test('of a crash is not listed, and the next save clears it away', async () => {
    const leftover = join(directory, 'releases/.v1.new');
    await mkdir(leftover, { recursive: true });
    await writeFile(join(leftover, 'garbage'), '');
    expect(await store.versions()).toEqual([]);
    await store.save(manifestOf('v1'), sign);
    expect(await readdir(join(directory, 'releases'))).toEqual(['v1']);
    expect(await readdir(join(directory, 'releases/v1'))).not.toContain('garbage');
  });

  test('without its signature is none', async () => {
    await store.save(manifestOf('v1'), sign);
    await rm(join(directory, 'releases/v1/manifest.json.sig'));
    expect(await store.find('v1')).toBe(undefined);
  });

  test('that is damaged is an error, not an absence', async () => {
    await store.save(manifestOf('v1'), sign);
    await writeFile(join(directory, 'releases/v1/manifest.json'), '{');
    const error = await store.find('v1').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({
      message: `the release manifest ${join(directory, 'releases/v1/manifest.json')} is damaged`,
    });
  });

  test('"-dirty" is replaced as a whole', async () => {
    await store.save(manifestOf('v1-dirty', 'old'), sign);
    await store.save(manifestOf('v1-dirty', 'new'), sign);
    expect((await store.find('v1-dirty'))?.manifest.git_revision).toBe('new');
    expect(await store.versions()).toEqual(['v1-dirty']);
  });
});

describe('the current release', () => {
  test('is the one made current last, by a link that holds when the folder is moved', async () => {
    for (const version of ['v2', 'v10', 'v1']) await store.save(manifestOf(version), sign);
    await store.makeCurrent('v2');
    await store.makeCurrent('v1');
    expect((await store.current()).manifest.version).toBe('v1');
    expect(await store.currentVersion()).toBe('v1');
    expect(await readlink(join(directory, 'current'))).toBe('releases/v1');
    expect(await store.versions()).toEqual(['v1', 'v10', 'v2']);
  });

  test('is switched in spite of what a crash left', async () => {
    await store.save(manifestOf('v1'), sign);
    await symlink('releases/old', join(directory, 'current.new'));
    await store.makeCurrent('v1');
    expect(await store.currentVersion()).toBe('v1');
    expect(await readdir(directory)).not.toContain('current.new');
  });

  test.each([undefined, 'gone'])('that is %s is refused, with what to do', async (version) => {
    if (version) await store.makeCurrent(version);
    const error = await store.current().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'RefusedError',
      exit: 3,
      message: 'this host holds no release to roll out',
      details: { hint: 'build and install one first: make build && sudo make install' },
    });
  });
});

test('a file of a release is read from the blobs, by its digest', async () => {
  const { sha256, size } = await store.blobs.putBytes(Buffer.from('v1\n'), 'gz');
  const manifest = { ...manifestOf('v1'), files: [{ path: 'VERSION', sha256, size, executable: false }] };
  expect((await store.readFile(manifest, 'VERSION')).toString()).toBe('v1\n');
  await expect(store.readFile(manifest, 'other')).rejects.toThrow('release v1 has no file other');
});
