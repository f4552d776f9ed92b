import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface AtomicWriteOptions {
  /** Permission bits; set before any content is written, so a secret is never readable in between. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Modification time, in milliseconds since 1970; default now. */
  readonly mtimeMs?: number;
}

/**
 * Replaces `path` as one step: a reader, or a machine that lost power, sees the old content or the new, whole.
 * The temporary file lives in the same directory so that the rename never crosses a file system.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const mode = options.mode ?? 0o644;
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await setOwnership(file, mode, options);
      await file.writeFile(content);
      if (options.mtimeMs !== undefined) await file.utimes(options.mtimeMs / 1000, options.mtimeMs / 1000);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncToDisk(dirname(path));
}

/**
 * Replaces the text of a file that is there, in the blocks that it has: where {@link writeFileAtomic} has no room. For a
 * text of a few hundred bytes whose reader knows a damaged one, since a power cut in the middle may leave that.
 */
export async function overwriteFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { bytesWritten } = await file.write(text, 0);
    await file.truncate(bytesWritten);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes what is in the file `path`, or the renames inside the directory `path`, survive a power cut. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function setOwnership(file: FileHandle, mode: number, options: AtomicWriteOptions): Promise<void> {
  await file.chmod(mode);
  if (options.uid === undefined && options.gid === undefined) return;
  await file.chown(options.uid ?? process.getuid?.() ?? 0, options.gid ?? process.getgid?.() ?? 0);
}
