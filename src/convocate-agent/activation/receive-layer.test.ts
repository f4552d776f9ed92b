import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { STAGING_DIR, receiveLayer, stagedLayerPath } from './receive-layer.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-receive-layer-${process.pid}`,
}));
vi.mock('../../protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../../protocol/host-layout.ts')>();
  return { ...layout, AGENT_HOST: { ...layout.AGENT_HOST, stateDir: root } };
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const content = Buffer.from('a layer, '.repeat(20_000));
const digest = createHash('sha256').update(content).digest('hex');
const packed = zstdCompressSync(content);
const whole = (offset: number) => ({ offset, sizeBytes: packed.length });
const staged = stagedLayerPath(digest);
const stream = (bytes: Buffer): Readable => Readable.from([bytes]);
const expectWhole = async (): Promise<void> => {
  expect(zstdDecompressSync(await readFile(staged)).equals(content)).toBe(true);
  expect(await readdir(STAGING_DIR)).toEqual([`${digest}.zst`]);
};

test('a layer is kept as it came, under its name, for root alone', async () => {
  await receiveLayer(digest, whole(0), stream(packed));
  await expectWhole();
  expect([(await stat(staged)).mode & 0o777, (await stat(STAGING_DIR)).mode & 0o777]).toEqual([0o600, 0o700]);
});

describe('a transfer that was cut off', () => {
  test('leaves its bytes, and the next one goes on there', async () => {
    async function* cut(): AsyncGenerator<Buffer> {
      yield packed.subarray(0, 20);
      throw new Error('the connection was lost');
    }
    await expect(receiveLayer(digest, whole(0), Readable.from(cut()))).rejects.toThrow(
      'the connection was lost',
    );
    expect(await readdir(STAGING_DIR)).toEqual([`${digest}.zst.part`]);
    const { size } = await stat(`${staged}.part`);
    await receiveLayer(digest, whole(size), stream(packed.subarray(size)));
    await expectWhole();
  });

  test('without an error is told by its size, and kept too', async () => {
    const short = receiveLayer(digest, whole(0), stream(packed.subarray(0, 20)));
    await expect(short).rejects.toThrow(
      `layer ${digest.slice(0, 12)} was cut off on its way; what came is kept`,
    );
    expect((await stat(`${staged}.part`)).size).toBe(20);
    await receiveLayer(digest, whole(20), stream(packed.subarray(20)));
    await expectWhole();
  });

  test('goes on from the offset that was agreed, not from where the file ends', async () => {
    await mkdir(STAGING_DIR, { recursive: true });
    await writeFile(`${staged}.part`, Buffer.concat([packed.subarray(0, 20), Buffer.from('garbage')]));
    await receiveLayer(digest, whole(20), stream(packed.subarray(20)));
    await expectWhole();
  });

  test('may have had all its bytes', async () => {
    await mkdir(STAGING_DIR, { recursive: true });
    await writeFile(`${staged}.part`, packed);
    await receiveLayer(digest, whole(packed.length), stream(Buffer.alloc(0)));
    await expectWhole();
  });
});

test.each([
  ['of another content', zstdCompressSync('another')],
  ['not packed', Buffer.from('nonsense')],
  ['cut short', packed.subarray(0, packed.length - 3)],
  ['empty', Buffer.alloc(0)],
])('a layer that is %s is thrown away, and told with what to do', async (_what, bytes) => {
  const error = await receiveLayer(digest, { offset: 0, sizeBytes: bytes.length }, stream(bytes)).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    name: 'OperationError',
    message: expect.stringMatching(
      new RegExp(`^layer ${digest.slice(0, 12)} arrived damaged \\(.+\\); it was thrown away$`),
    ) as string,
    details: { hint: 'run the same command again: only this layer is sent again' },
  });
  expect(await readdir(STAGING_DIR)).toEqual([]);
});
