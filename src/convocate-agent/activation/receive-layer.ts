import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperationError, messageOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { unpacker } from '../../release/blob-store.ts';

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
  await pipeline(packed, createWriteStream(part, { flags: 'a' }));
  if ((await stat(part)).size < sizeBytes) {
    throw new OperationError(`layer ${diffId.slice(0, 12)} was cut off on its way; what came is kept`, {
      hint: 'run the same command again: it goes on where this one stopped',
    });
  }
  const found = await digestOf(part);
  if (found !== diffId) {
    await rm(part, { force: true });
    throw new OperationError(`layer ${diffId.slice(0, 12)} arrived damaged (${found}); it was thrown away`, {
      hint: 'run the same command again: only this layer is sent again',
    });
  }
  const file = await open(part, 'r');
  await file.sync();
  await file.close();
  await rename(part, stagedLayerPath(diffId));
}

async function digestOf(part: string): Promise<string> {
  const hash = createHash('sha256');
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done();
    },
  });
  try {
    await pipeline(createReadStream(part), unpacker('zst'), sink);
    return hash.digest('hex');
  } catch (error) {
    return `cannot be unpacked: ${messageOf(error)}`;
  }
}
