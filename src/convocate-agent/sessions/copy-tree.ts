import { constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  chmod,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  readlink,
  symlink,
} from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, COPYFILE_EXCL, COPYFILE_FICLONE } = constants;

export interface CopyOptions {
  /** What goes into the copy is given to this owner; left out, it keeps its own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Take directories that are there already, and replace files; otherwise the target must not exist. */
  readonly overlay?: boolean;
}

/**
 * Copies a directory: modes, owners, modification times, links as links; sockets, FIFOs and devices are passed over and
 * counted. The source may be in use by a session that means harm, so it is walked by open directories: whatever
 * becomes a link in the meantime is never followed, and nothing that could block is opened. The kernel moves the
 * content; it never comes through our memory.
 *
 * @returns how many files were passed over
 */
export async function copyTree(source: string, target: string, options: CopyOptions = {}): Promise<number> {
  const directory = await open(source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return await copyDirectory(directory, Buffer.from(target), options);
}

/** Takes over, and closes, `source`. Names are bytes: a session may have some that are not UTF-8. */
async function copyDirectory(source: FileHandle, target: Buffer, options: CopyOptions): Promise<number> {
  let skipped = 0;
  try {
    const stats = await source.stat();
    await makeDirectory(target, options);
    const base = `/proc/self/fd/${source.fd}`;
    for (const name of await readdir(base, { encoding: 'buffer' })) {
      const from = Buffer.concat([Buffer.from(`${base}/`), name]);
      const to = Buffer.concat([target, Buffer.from('/'), name]);
      try {
        skipped += await copyEntry(from, to, options);
      } catch (error) {
        if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR')
          skipped += 1; // became a link meanwhile
        else if (codeOf(error) !== 'ENOENT' || !(await isGone(from))) throw error;
      }
    }
    await setAttributes(target, stats, options);
  } finally {
    await source.close();
  }
  return skipped;
}

async function copyEntry(from: Buffer, to: Buffer, options: CopyOptions): Promise<number> {
  const stats = await lstat(from);
  if (stats.isDirectory()) {
    return await copyDirectory(await open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), to, options);
  }
  if (stats.isSymbolicLink()) {
    await symlink(await readlink(from, { encoding: 'buffer' }), to);
    await setOwnerAndTime(to, stats, options);
    return 0;
  }
  return stats.isFile() ? await copyRegularFile(from, to, options) : 1;
}

async function copyRegularFile(from: Buffer, to: Buffer, options: CopyOptions): Promise<number> {
  const file = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return 1;
    await copyFile(`/proc/self/fd/${file.fd}`, to, COPYFILE_FICLONE | (options.overlay ? 0 : COPYFILE_EXCL));
    await setAttributes(to, stats, options);
    return 0;
  } finally {
    await file.close();
  }
}

async function makeDirectory(target: Buffer, options: CopyOptions): Promise<void> {
  try {
    await mkdir(target, { mode: 0o700 });
  } catch (error) {
    if (!options.overlay || codeOf(error) !== 'EEXIST') throw error;
  }
}

async function setAttributes(path: Buffer, stats: Stats, options: CopyOptions): Promise<void> {
  await lchown(path, options.owner?.uid ?? stats.uid, options.owner?.gid ?? stats.gid);
  await chmod(path, stats.mode & 0o7777); // after the owner: a change of owner takes set-id bits away
  await lutimes(path, stats.atime, stats.mtime);
}

async function setOwnerAndTime(path: Buffer, stats: Stats, options: CopyOptions): Promise<void> {
  await lchown(path, options.owner?.uid ?? stats.uid, options.owner?.gid ?? stats.gid);
  await lutimes(path, stats.atime, stats.mtime);
}

/** A home in use loses files while it is read; what is missing on our own side is an error. */
async function isGone(path: Buffer): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch {
    return true;
  }
}
