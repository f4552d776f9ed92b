import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperationError, OperatorError, messageOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { type SentLayer, packedLayerName } from '../../protocol/layer-transfer.ts';
import { CHUNK_BYTES, layerUnpacker } from '../../release/blob-store.ts';
import type { Acknowledgements } from './acknowledge.ts';
import type { Incoming } from './incoming.ts';
import { SendAgainError } from './send-again.ts';

/** Layers on their way into Docker; empty but for the time between their transfer and the load. */
export const STAGING_DIR = join(AGENT_HOST.stateDir, 'staging');

/** Where the packed bytes of a layer are until its image is proven. */
export function partPath({ diffId, base }: Pick<SentLayer, 'diffId' | 'base'>): string {
  return join(STAGING_DIR, `${packedLayerName(diffId, base?.diffId)}.part`);
}

export interface Arrival {
  readonly incoming: Incoming;
  readonly acks: Acknowledgements;
  /** Content of the layer that patches of `layer` apply to. Throws where it cannot be had. */
  readonly readBase: (base: NonNullable<SentLayer['base']>) => Promise<Buffer>;
}

/**
 * A layer's content, unpacked while it arrives: what an earlier transfer left comes from the disk, the rest from the
 * stream, by way of the disk, so that a cut loses nothing that was acknowledged. The content ends only if its SHA-256
 * is `diffId` and its size `sizeBytes`; else the packed bytes are thrown away and {@link SendAgainError} is thrown.
 */
export async function* arrivingLayer(
  layer: SentLayer,
  sizeBytes: number,
  arrival: Arrival,
): AsyncGenerator<Buffer> {
  const base = layer.base && (await baseOf(layer, layer.base, arrival));
  const hash = createHash('sha256');
  const unpacker = layerUnpacker(base);
  const unpacking = pipeline(Readable.from(packedBytes(layer, arrival)), unpacker);
  unpacking.catch(() => {}); // whoever reads the unpacker below gets the same error
  let size = 0;
  try {
    for await (const chunk of unpacker as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      if (size > sizeBytes) throw new TypeError('it unpacks to more than the layer is');
      yield chunk;
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw await damaged(layer, messageOf(error));
  }
  const found = hash.digest('hex');
  if (found !== layer.diffId) throw await damaged(layer, `its SHA-256 is ${found}`);
}

async function* packedBytes(layer: SentLayer, { incoming, acks }: Arrival): AsyncGenerator<Buffer> {
  const { offset, packedBytes: total } = layer;
  const path = partPath(layer);
  const file = await kept(path, openPart(path, offset));
  try {
    if (offset > 0) yield* createReadStream(path, { end: offset - 1, highWaterMark: CHUNK_BYTES });
    let at = offset;
    for await (const chunk of incoming.take(total - offset)) {
      // At its place rather than at the end: a helper that outlived its connection can then only write the same bytes.
      await kept(path, writeAt(file, chunk, at));
      at += chunk.length;
      acks.landed(chunk.length);
      yield chunk;
    }
  } finally {
    acks.flush();
    // Not synced: after a power cut what is damaged is found by its digest, and sent anew.
    await file.close();
  }
}

async function openPart(path: string, offset: number): Promise<FileHandle> {
  await mkdir(STAGING_DIR, { recursive: true, mode: 0o700 });
  await (await open(path, 'a', 0o600)).close();
  const file = await open(path, 'r+');
  try {
    await file.truncate(offset);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A disk that takes no more is no damage of the layer: what it has taken of it is good. */
async function kept<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new OperationError(`${path} cannot be written: ${messageOf(cause)}; what came is kept`, {
      hint: `see the room on its disk (df ${STAGING_DIR}), then run the same command again: it goes on where this one stopped`,
      cause,
    });
  }
}

/** A disk that is nearly full takes a part of it, and only then says so. */
async function writeAt(file: FileHandle, chunk: Buffer, at: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
  }
}

async function baseOf(
  { diffId }: SentLayer,
  base: NonNullable<SentLayer['base']>,
  { readBase }: Arrival,
): Promise<Buffer> {
  try {
    return await readBase(base);
  } catch (error) {
    const why = messageOf(error);
    throw new SendAgainError(`layer ${diffId.slice(0, 12)} cannot be patched together here: ${why}`, {
      outcome: 'unpatchable',
      layer: diffId,
      why,
    });
  }
}

async function damaged(layer: SentLayer, why: string): Promise<SendAgainError> {
  await rm(partPath(layer), { force: true });
  return new SendAgainError(
    `layer ${layer.diffId.slice(0, 12)} arrived damaged (${why}); it was thrown away`,
    {
      outcome: 'damaged',
      layer: layer.diffId,
      why,
    },
  );
}
