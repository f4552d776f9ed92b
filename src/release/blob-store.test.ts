import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperationError } from '../base/errors.ts';
import { BlobStore, Measure } from './blob-store.ts';

let parent: string;
let directory: string;
let store: BlobStore;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'convocate-blobs-'));
  directory = join(parent, 'blobs');
  store = new BlobStore(directory);
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const CONTENT = Buffer.from('the same words, '.repeat(10_000));
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');

describe('a blob', () => {
  test.each([
    ['gz', gunzipSync],
    ['zst', zstdDecompressSync],
  ] as const)('is kept packed as %s under the digest of its content', async (packing, unpack) => {
    const blob = await store.put(Readable.from([CONTENT.subarray(0, 7), CONTENT.subarray(7)]), packing);
    const path = join(directory, `${DIGEST}.${packing}`);
    const { size: packedSize, mode } = await stat(path);
    expect(blob).toEqual({ sha256: DIGEST, size: CONTENT.length, packing, packedSize });
    expect(await readdir(directory)).toEqual([`${DIGEST}.${packing}`]);
    expect(mode & 0o777).toBe(0o644);
    expect(unpack(await readFile(path))).toEqual(CONTENT);
    expect(packedSize).toBeLessThan(CONTENT.length / 10);
    expect(await store.packedSize(DIGEST, packing)).toBe(packedSize);
    expect(await store.read(DIGEST, packing)).toEqual(CONTENT);
    expect(store.pathOf(DIGEST, packing)).toBe(path);
  });

  test('of any bytes comes back as it was, empty ones too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('gz' as const, 'zst' as const),
        async (bytes, packing) => {
          const { sha256 } = await store.putBytes(bytes, packing);
          expect(await store.read(sha256, packing)).toEqual(Buffer.from(bytes));
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each([
    ['cut short', 'is damaged in', (packed: Buffer) => packed.subarray(0, -9)],
    ['no gzip at all', 'is damaged in', () => Buffer.from('what a disk makes of it')],
    ['another one', 'is damaged in', () => gzipSync('other words')],
    ['gone', 'is missing from', () => undefined],
  ])('that is %s is told with what to do, and never handed out', async (_what, how, damage) => {
    await store.putBytes(CONTENT, 'gz');
    const path = store.pathOf(DIGEST, 'gz');
    const damaged = damage(await readFile(path));
    if (damaged) await writeFile(path, damaged);
    else await rm(path);
    expect(await store.isWhole(DIGEST, 'gz')).toBe(false);
    await expect(store.read(DIGEST, 'gz')).rejects.toMatchObject({
      name: 'OperationError',
      message: `blob ${DIGEST.slice(0, 12)} ${how} ${directory}`,
      details: { hint: expect.stringContaining('run `sudo make install` of that version again') as string },
    });
    await store.putBytes(CONTENT, 'gz');
    expect(await store.isWhole(DIGEST, 'gz')).toBe(true);
    expect(await store.read(DIGEST, 'gz')).toEqual(CONTENT);
  });

  test('put twice is there once', async () => {
    const first = await store.putBytes(CONTENT, 'gz');
    expect(await store.putBytes(CONTENT, 'gz')).toEqual(first);
    expect(await readdir(directory)).toEqual([`${DIGEST}.gz`]);
  });

  test('is read from an offset on, to the byte', async () => {
    await store.putBytes(CONTENT, 'gz');
    const packed = await readFile(store.pathOf(DIGEST, 'gz'));
    for (const offset of [0, 1, packed.length - 1, packed.length]) {
      const chunks: Buffer[] = [];
      for await (const chunk of store.openPacked(DIGEST, 'gz', offset) as AsyncIterable<Buffer>)
        chunks.push(chunk);
      expect(Buffer.concat(chunks)).toEqual(packed.subarray(offset));
    }
  });
});

async function* broken(): AsyncGenerator<Buffer> {
  yield CONTENT;
  throw new Error('docker save was killed');
}

describe('nothing is left behind', () => {
  test('by a file that cannot be read', async () => {
    await expect(store.put(createReadStream('/no/such/file'), 'gz')).rejects.toMatchObject({
      code: 'ENOENT',
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test('by content that breaks off', async () => {
    await expect(store.put(Readable.from(broken()), 'zst')).rejects.toThrow('docker save was killed');
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('a blob that cannot be used', () => {
  test('is named where it is missing, with what to do', async () => {
    const error = await store.packedSize(DIGEST, 'gz').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({
      message: `blob ${DIGEST.slice(0, 12)} is missing from ${directory}`,
      details: { hint: expect.stringContaining('run `sudo make install` of that version again') as string },
    });
  });
});

test('Measure counts and hashes what goes through, and passes it on', async () => {
  const measure = new Measure();
  const chunks: Buffer[] = [];
  for await (const chunk of Readable.from([Buffer.from('ab'), Buffer.from('c')]).pipe(
    measure,
  ) as AsyncIterable<Buffer>)
    chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('abc');
  expect(measure.size).toBe(3);
  expect(measure.digest()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
