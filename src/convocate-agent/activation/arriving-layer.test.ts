import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SentLayer } from '../../protocol/layer-transfer.ts';
import { Acknowledgements } from './acknowledge.ts';
import { STAGING_DIR, arrivingLayer, partPath } from './arriving-layer.ts';
import { Incoming } from './incoming.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-arriving-layer-${process.pid}`,
}));
vi.mock('../../protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../../protocol/host-layout.ts')>();
  return { ...layout, AGENT_HOST: { ...layout.AGENT_HOST, stateDir: root } };
});
vi.mock('node:fs/promises', async (original) => {
  const files = await original<typeof import('node:fs/promises')>();
  return { ...files, open: vi.fn(files.open) };
});
const { open: realOpen } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
let said: string[];
beforeEach(() => {
  said = [];
});
afterEach(async () => {
  vi.mocked(open).mockImplementation(realOpen);
  await rm(root, { recursive: true, force: true });
});

const content = randomBytes(300_000);
const diffId = createHash('sha256').update(content).digest('hex');
const packed = zstdCompressSync(content);
const layer = (offset = 0, packedBytes = packed.length): SentLayer => ({ diffId, offset, packedBytes });
const part = partPath(layer());

/** What Docker would get of the layer, with these bytes on stdin. */
async function take(sent: SentLayer, ...pieces: readonly Buffer[]): Promise<Buffer> {
  const arrival = {
    incoming: new Incoming(Readable.from(pieces)),
    acks: new Acknowledgements((line) => said.push(line)),
    readBase: () => Promise.reject(new Error('no base here')),
  };
  return await buffer(arrivingLayer(sent, content.length, arrival));
}
const thrown = async (taking: Promise<Buffer>): Promise<unknown> =>
  await taking.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a layer is handed on unpacked while it comes in, and its bytes stay on the disk, for root alone', async () => {
  expect((await take(layer(), packed)).equals(content)).toBe(true);
  expect((await readFile(part)).equals(packed)).toBe(true);
  expect([(await stat(part)).mode & 0o777, (await stat(STAGING_DIR)).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(said.at(-1)).toBe(`ack ${packed.length}\n`);
});

test('what comes after it on the stream is left for the next layer', async () => {
  const incoming = new Incoming(Readable.from([Buffer.concat([packed, Buffer.from('next')])]));
  const acks = new Acknowledgements(() => {});
  const readBase = (): Promise<Buffer> => Promise.reject(new Error('none'));
  await buffer(arrivingLayer(layer(), content.length, { incoming, acks, readBase }));
  expect((await buffer(incoming.take(4))).toString()).toBe('next');
});

describe('a transfer that was cut off', () => {
  test('keeps what was acknowledged, and the next one goes on there', async () => {
    const error = await thrown(take(layer(), packed.subarray(0, 200_000)));
    expect(error).toMatchObject({
      name: 'OperationError',
      message: 'the layers were cut off on their way; what came is kept',
    });
    expect(said.at(-1)).toBe('ack 200000\n');
    expect((await stat(part)).size).toBe(200_000);
    expect((await take(layer(200_000), packed.subarray(200_000))).equals(content)).toBe(true);
    expect(said.at(-1)).toBe(`ack ${packed.length - 200_000}\n`);
  });

  test('goes on from the offset that was agreed, not from where the file ends', async () => {
    await mkdir(STAGING_DIR, { recursive: true });
    await writeFile(part, Buffer.concat([packed.subarray(0, 20), Buffer.from('garbage')]));
    expect((await take(layer(20), packed.subarray(20))).equals(content)).toBe(true);
  });

  test('may have had all its bytes: then nothing is sent and nothing acknowledged', async () => {
    await mkdir(STAGING_DIR, { recursive: true });
    await writeFile(part, packed);
    expect((await take(layer(packed.length))).equals(content)).toBe(true);
    expect(said).toEqual([]);
  });
});

type Write = (piece: Buffer, from: number, length: number, at: number) => Promise<unknown>;

test('a disk that takes no more is told with its place, and what it has taken is kept', async () => {
  vi.mocked(open).mockImplementation(async (...words) => {
    const file = await realOpen(...words);
    const write = file.write.bind(file) as unknown as Write;
    const noRoom = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const writeWhereRoomIs: Write = (piece, from, length, at) =>
      at < 200_000 ? write(piece, from, Math.min(length, 200_000 - at), at) : Promise.reject(noRoom);
    file.write = writeWhereRoomIs as never;
    return file;
  });
  const error = await thrown(take(layer(), packed.subarray(0, 150_000), packed.subarray(150_000)));
  expect(error).toMatchObject({
    name: 'OperationError',
    message: `${part} cannot be written: ENOSPC: no space left on device, write; what came is kept`,
    details: { hint: expect.stringContaining(STAGING_DIR) as string },
  });
  expect(error).not.toHaveProperty('outcome');
  expect(said.at(-1)).toBe('ack 150000\n');
  expect((await stat(part)).size).toBe(200_000);
  vi.mocked(open).mockImplementation(realOpen);
  expect((await take(layer(200_000), packed.subarray(200_000))).equals(content)).toBe(true);
});

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

test.each([
  ['of another content', zstdCompressSync('another')],
  ['larger than it should be', zstdCompressSync(Buffer.concat([content, content]))],
  ['not packed', Buffer.from('nonsense')],
  ['cut short', packed.subarray(0, packed.length - 3)],
  ['flipped in one bit', flipped(packed, 150_000)],
])('a layer that is %s is thrown away, and told by its name', async (_what, bytes) => {
  const error = await thrown(take(layer(0, bytes.length), bytes));
  expect(error).toMatchObject({
    name: 'OperationError',
    message: expect.stringMatching(
      new RegExp(`^layer ${diffId.slice(0, 12)} arrived damaged \\(.+\\); it was thrown away$`),
    ) as string,
    outcome: { outcome: 'damaged', layer: diffId },
  });
  expect(await readdir(STAGING_DIR)).toEqual([]);
});

test('damage in what an earlier transfer left is found, and that part thrown away', async () => {
  await mkdir(STAGING_DIR, { recursive: true });
  await writeFile(part, flipped(packed.subarray(0, 200_000), 100_000));
  const error = await thrown(take(layer(200_000), packed.subarray(200_000)));
  expect(error).toMatchObject({ outcome: { outcome: 'damaged', layer: diffId } });
  expect(await readdir(STAGING_DIR)).toEqual([]);
});

describe('a patch', () => {
  const base = { diffId: 'b'.repeat(64), sizeBytes: 5 };
  test('lies under a name of its own', () => {
    expect(partPath({ diffId, base })).toBe(`${STAGING_DIR}/${diffId}.from-${base.diffId}.zst.part`);
  });

  test('whose base cannot be had is told as such, with the reason', async () => {
    const error = await thrown(take({ ...layer(), base }, packed));
    expect(error).toMatchObject({
      message: `layer ${diffId.slice(0, 12)} cannot be patched together here: no base here`,
      outcome: { outcome: 'unpatchable', layer: diffId, why: 'no base here' },
    });
  });
});

test('a stream that ends early is no end of a layer', async () => {
  const incoming = new Incoming(Readable.from([Buffer.from('abc')]));
  await expect(buffer(incoming.take(4))).rejects.toThrow('the layers were cut off on their way');
});

test('what has landed is said after so many bytes, after so long, and when asked', () => {
  let now = 0;
  const acks = new Acknowledgements(
    (line) => said.push(line),
    () => now,
  );
  acks.landed(1000);
  acks.flush();
  acks.flush();
  acks.landed(128 * 1024);
  now = 250;
  acks.landed(1);
  acks.landed(1);
  expect(said).toEqual(['ack 1000\n', `ack ${1000 + 128 * 1024}\n`, `ack ${1001 + 128 * 1024}\n`]);
});
