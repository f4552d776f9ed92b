import { chmod, lchown, lstat, mkdir, rename } from 'node:fs/promises';
import { syncToDisk } from '../../base/atomic-file.ts';
import { codeOf } from '../../base/errors.ts';
import { runChecked } from '../../base/run-command.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { type CopyOutcome, copyTree } from './copy-tree.ts';
import { type AgentPaths, deletedHomeOf, homeOf } from './paths.ts';

const REMOVE_MS = 60 * 60 * 1000;
/** It writes out what everybody wrote, on a disk that may be slow. */
const SYNC_MS = 10 * 60 * 1000;
/** Of a few small files, while somebody waits for their session: less than any caller's patience. */
const SYNC_SEED_MS = 60 * 1000;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Makes a new home, 0700, and fills it from the skel directories that exist, a later one over an earlier. */
export async function seedHome(
  paths: AgentPaths,
  uuid: string,
  skelDirs: readonly string[],
  owner: Owner,
): Promise<void> {
  const home = homeOf(paths, uuid);
  await mkdir(home, { mode: 0o700 });
  for (const skel of skelDirs) {
    if (await exists(skel)) await copyTree(skel, home, { owner, overlay: true });
  }
  await lchown(home, owner.uid, owner.gid);
  await chmod(home, 0o700);
  // What it was filled with must be there after a power cut: the session's metadata will say that it is whole.
  const files = ['-xdev', '(', '-type', 'f', '-o', '-type', 'd', ')', '-exec', 'sync', '--', '{}', '+'];
  await runChecked(['find', home, ...files], { timeoutMs: SYNC_SEED_MS });
  await syncToDisk(paths.homesDir);
}

/**
 * Copies a home to that of a new session. Throws `refused` where the source is no directory of its own (a link might
 * lead to a place that holds the copy itself).
 */
export async function cloneHome(paths: AgentPaths, source: string, target: string): Promise<CopyOutcome> {
  const from = homeOf(paths, source);
  const to = homeOf(paths, target);
  if (from === to) throw new RpcError('refused', 'a home cannot be copied into itself');
  const stats = await lstat(from).catch(() => undefined);
  if (!stats?.isDirectory()) throw new RpcError('refused', `${from} is not a directory, so it is not copied`);
  const outcome = await copyTree(from, to, { keepsReserve: true });
  await runChecked(['sync', '--file-system', to], { timeoutMs: SYNC_MS }); // faster than each of its files
  await syncToDisk(paths.homesDir);
  return outcome;
}

/**
 * Takes a home away as one step, then empties it. A crash in between leaves only what {@link emptyDeletedHome} knows
 * how to finish. Links are removed, never followed.
 */
export async function removeHome(paths: AgentPaths, uuid: string): Promise<void> {
  await setHomeAside(paths, uuid);
  await emptyDeletedHome(paths, uuid);
}

export async function setHomeAside(paths: AgentPaths, uuid: string): Promise<void> {
  const setAside = (): Promise<void> => rename(homeOf(paths, uuid), deletedHomeOf(paths, uuid));
  try {
    await setAside().catch(async (error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
      await emptyDeletedHome(paths, uuid); // another was set aside under the name before
      await setAside();
    });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  await syncToDisk(paths.homesDir);
}

export async function emptyDeletedHome(paths: AgentPaths, uuid: string): Promise<void> {
  // rm(1) and not Node's own: it walks by open directories, takes names that are not UTF-8, and stays on one device.
  const argv = ['rm', '-rf', '--one-file-system', '--', deletedHomeOf(paths, uuid)];
  await runChecked(argv, { timeoutMs: REMOVE_MS });
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
