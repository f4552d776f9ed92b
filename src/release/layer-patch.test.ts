import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlobStore, layerUnpacker } from './blob-store.ts';
import { ensurePatch } from './layer-patch.ts';

let directory: string;
let store: BlobStore;
const path = process.env['PATH'];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-patch-'));
  store = new BlobStore(directory);
});
afterEach(async () => {
  process.env['PATH'] = path;
  await rm(directory, { recursive: true, force: true });
});

const base = randomBytes(3_000_000);
/** The same but for a few bytes, and shifted by some that are new. */
const layer = Buffer.concat([
  randomBytes(1000),
  base.subarray(0, 2_000_000),
  randomBytes(500),
  base.subarray(2_000_100),
]);

async function stored(): Promise<[diffId: string, baseDiffId: string]> {
  const [one, other] = [await store.putBytes(layer, 'zst'), await store.putBytes(base, 'zst')];
  return [one.sha256, other.sha256];
}

test('a patch is small, kept, and makes the layer out of its base by what Node itself can do', async () => {
  const [diffId, baseDiffId] = await stored();
  const size = await ensurePatch(store, diffId, baseDiffId);
  expect(size).toBeLessThan(10_000);
  expect((await readdir(directory)).sort()).toEqual(
    [`${diffId}.from-${baseDiffId}.zst`, `${diffId}.zst`, `${baseDiffId}.zst`].sort(),
  );
  const made = await buffer(store.openPatch(diffId, baseDiffId).pipe(layerUnpacker(base)));
  expect(createHash('sha256').update(made).digest('hex')).toBe(diffId);
  const before = await stat(store.patchPath(diffId, baseDiffId));
  expect(await ensurePatch(store, diffId, baseDiffId)).toBe(size);
  expect((await stat(store.patchPath(diffId, baseDiffId))).ino).toBe(before.ino); // not made again
});

test.each([
  ['zstd is missing', () => (process.env['PATH'] = '/nowhere'), 'zstd is not installed on this machine'],
  [
    'a blob is damaged',
    async () => await writeFile(store.pathOf((await stored())[1], 'zst'), 'damaged'),
    /./,
  ],
])('where %s, it says so and leaves nothing behind', async (_what, spoil, reason) => {
  const [diffId, baseDiffId] = await stored();
  await spoil();
  await expect(ensurePatch(store, diffId, baseDiffId)).rejects.toThrow(reason);
  expect((await readdir(directory)).sort()).toEqual([`${diffId}.zst`, `${baseDiffId}.zst`].sort());
});
