import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperationError, messageOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { CHUNK_BYTES, unpacker } from '../../release/blob-store.ts';

/** Layers on their way into Docker; empty but for the time between their transfer and the load. */
export const STAGING_DIR = join(AGENT_HOST.stateDir, 'staging');

export function stagedLayerPath(diffId: string): string {
  return join(STAGING_DIR, `${diffId}.zst`);
}

/**
 * Takes the packed bytes of a layer from `offset` on, and proves the whole by its SHA-256 before it gets its name.
 * What arrived of a transfer that was cut off stays in `.part`, so the next one goes on there; a part that turns out
 * to be damaged is thrown away.
 */
export async function receiveLayer(
  diffId: string,
  { offset, sizeBytes }: { readonly offset: number; readonly sizeBytes: number },
  packed: Readable,
): Promise<void> {
  await mkdir(STAGING_DIR, { recursive: true, mode: 0o700 });
  const part = `${stagedLayerPath(diffId)}.part`;
  await (await open(part, 'a', 0o600)).close();
  await truncate(part, offset);
  // A transfer from the start is hashed on its way to the disk; one that goes on has to be read again from there.
  const fresh = offset === 0 ? packed.pipe(new PassThrough({ highWaterMark: CHUNK_BYTES })) : undefined;
  const hashing = fresh && digestOf(fresh);
  await pipeline(packed, createWriteStream(part, { flags: 'a' }));
  if ((await stat(part)).size < sizeBytes) {
    throw new OperationError(`layer ${diffId.slice(0, 12)} was cut off on its way; what came is kept`, {
      hint: 'run the same command again: it goes on where this one stopped',
    });
  }
  const found = await (hashing ?? digestOf(createReadStream(part, { highWaterMark: CHUNK_BYTES })));
  if (found !== diffId) {
    await rm(part, { force: true });
    throw new OperationError(`layer ${diffId.slice(0, 12)} arrived damaged (${found}); it was thrown away`, {
      hint: 'run the same command again: only this layer is sent again',
    });
  }
  // Not synced: it lives until the load that follows, and after a power cut the layer is sent anew.
  await rename(part, stagedLayerPath(diffId));
}

/** SHA-256 of what `packed` unpacks to, or why it does not unpack; never rejects. */
async function digestOf(packed: Readable): Promise<string> {
  const hash = createHash('sha256');
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done();
    },
  });
  try {
    await pipeline(packed, unpacker('zst'), sink);
    return hash.digest('hex');
  } catch (error) {
    return `cannot be unpacked: ${messageOf(error)}`;
  }
}
