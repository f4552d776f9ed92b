import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { syncToDisk } from '../base/atomic-file.ts';
import { OperationError } from '../base/errors.ts';
import { runCommand } from '../base/run-command.ts';
import { type BlobStore, INCOMING, Measure, unpacker } from './blob-store.ts';

/** Two unpacked layers of a gigabyte each are read and compared in well under a minute. */
const ZSTD_MS = 10 * 60_000;
const NO_SUCH_PROGRAM = 127;

/**
 * Bytes of the patch that makes layer `diffId` out of layer `baseDiffId`, both of which are in the store. Made at the
 * first call and kept beside them, for every host that has that base. Throws OperationError, whose message is the
 * reason, where it cannot be made.
 */
export async function ensurePatch(store: BlobStore, diffId: string, baseDiffId: string): Promise<number> {
  const path = store.patchPath(diffId, baseDiffId);
  const known = await stat(path).catch(() => undefined);
  if (known) return known.size;
  // Beside the blobs: both layers are unpacked there, which may be more than /tmp has room for.
  const work = await mkdtemp(join(dirname(path), INCOMING));
  try {
    const [base, layer, patch] = ['base', 'layer', 'patch'].map((name) => join(work, name)) as [
      string,
      string,
      string,
    ];
    await Promise.all([unpack(store, baseDiffId, base), unpack(store, diffId, layer)]);
    await runZstd(base, layer, patch);
    await syncToDisk(patch);
    await rename(patch, path);
    return (await stat(path)).size;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(store: BlobStore, diffId: string, target: string): Promise<void> {
  const measure = new Measure();
  await pipeline(store.openPacked(diffId, 'zst'), unpacker('zst'), measure, createWriteStream(target));
  if (measure.digest() !== diffId)
    throw new OperationError(`layer ${diffId.slice(0, 12)} is damaged on this machine`);
}

/** Node can unpack such a frame, but not make one. */
async function runZstd(base: string, layer: string, patch: string): Promise<void> {
  const argv = ['zstd', '-q', '-3', '--long=31', `--patch-from=${base}`, layer, '-o', patch];
  const { exitCode, stderr } = await runCommand(argv, { timeoutMs: ZSTD_MS, apart: true });
  if (exitCode === NO_SUCH_PROGRAM)
    throw new OperationError('zstd is not installed on this machine, so no patch was made');
  if (exitCode !== 0) throw new OperationError(`zstd made no patch: ${stderr.trim() || `exit ${exitCode}`}`);
}
