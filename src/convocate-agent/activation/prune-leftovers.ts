import { lstat, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { STAGING_DIR } from './arriving-layer.ts';

/** What a transfer, or the unpacking after it, leaves when it is cut off: see RECEIVE_BLOB, UNPACK_RELEASE, partPath. */
const LEFTOVERS: readonly (readonly [directory: string, name: RegExp])[] = [
  [AGENT_HOST.releasesDir, /^\..+\.new(\.files)?$/],
  [AGENT_HOST.blobsDir, /^[0-9a-f]{64}\.(gz\.part|tmp)$/],
  [STAGING_DIR, /\.part$/],
];

/** A transfer that was cut goes on where it stopped, if that is tried again within a week. */
const KEEP_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Removes what transfers of releases left that nobody rolls out any more, and gives its names. Its hard links would keep
 * blobs for ever. Whoever calls holds the rollout lock, so nothing of it is being written.
 */
export async function pruneLeftovers(nowMs: number = Date.now()): Promise<string[]> {
  const removed: string[] = [];
  for (const [directory, pattern] of LEFTOVERS) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names.filter((one) => pattern.test(one)).sort()) {
      if (await removeIfOld(join(directory, name), nowMs)) removed.push(name);
    }
  }
  return removed;
}

async function removeIfOld(path: string, nowMs: number): Promise<boolean> {
  const { mtimeMs } = await lstat(path);
  if (mtimeMs > nowMs) {
    // The clock was wrong then, or is now: its week begins anew, once, or it would stay until that time has come.
    await utimes(path, nowMs / 1000, nowMs / 1000);
    return false;
  }
  if (nowMs - mtimeMs < KEEP_MS) return false;
  await rm(path, { recursive: true, force: true });
  return true;
}
