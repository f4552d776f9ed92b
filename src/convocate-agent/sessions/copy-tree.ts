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
const SET_ID_BITS = 0o6000;
const COPY_BYTES = 256 * 1024;

export interface CopyOptions {
  /** What goes into the copy is given to this owner; left out, it keeps its own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Take directories that are there already, and replace files; otherwise the target must not exist. */
  readonly overlay?: boolean;
}

export interface CopyOutcome {
  /** How many sockets, FIFOs and devices were passed over. */
  skipped: number;
  /** How many files and directories lost a set-user-ID or set-group-ID bit. */
  stripped: number;
}

/**
 * Copies a directory: modes, owners, modification times, links as links; sockets, FIFOs and devices are passed over, and
 * set-user-ID and set-group-ID bits left out, both counted: the agent's unit may not make such files
 * (`RestrictSUIDSGID`). The source may be in use by a session that means harm, so it is walked by open directories:
 * whatever becomes a link in the meantime is never followed, and nothing that could block is opened.
 */
export async function copyTree(
  source: string,
  target: string,
  options: CopyOptions = {},
): Promise<CopyOutcome> {
  const directory = await open(source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const copy = new TreeCopy(options);
  await copy.directory(directory, Buffer.from(target));
  return copy.outcome;
}

class TreeCopy {
  readonly outcome: CopyOutcome = { skipped: 0, stripped: 0 };
  readonly #options: CopyOptions;

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  /** Takes over, and closes, `source`. Names are bytes: a session may have some that are not UTF-8. */
  async directory(source: FileHandle, target: Buffer): Promise<void> {
    try {
      const stats = await source.stat();
      await this.#makeDirectory(target);
      const base = `/proc/self/fd/${source.fd}`;
      for (const name of await readdir(base, { encoding: 'buffer' })) {
        const from = Buffer.concat([Buffer.from(`${base}/`), name]);
        const to = Buffer.concat([target, Buffer.from('/'), name]);
        try {
          await this.#entry(from, to);
        } catch (error) {
          if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR')
            this.outcome.skipped += 1; // became a link meanwhile
          else if (codeOf(error) !== 'ENOENT' || !(await isGone(from))) throw error;
        }
      }
      await this.#setAttributes(target, stats);
    } finally {
      await source.close();
    }
  }

  async #entry(from: Buffer, to: Buffer): Promise<void> {
    const stats = await lstat(from);
    if (stats.isDirectory()) {
      await this.directory(await open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), to);
    } else if (stats.isSymbolicLink()) {
      await symlink(await readlink(from, { encoding: 'buffer' }), to);
      await this.#setOwner(to, stats);
      await lutimes(to, stats.atime, stats.mtime);
    } else if (stats.isFile()) {
      await this.#regularFile(from, to);
    } else {
      this.outcome.skipped += 1;
    }
  }

  async #regularFile(from: Buffer, to: Buffer): Promise<void> {
    const file = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) {
        this.outcome.skipped += 1;
        return;
      }
      if ((stats.mode & SET_ID_BITS) === 0) {
        const exclusive = this.#options.overlay ? 0 : COPYFILE_EXCL;
        await copyFile(`/proc/self/fd/${file.fd}`, to, COPYFILE_FICLONE | exclusive);
      } else {
        await copyContent(file, stats.size, to, this.#options.overlay ? 'w' : 'wx');
      }
      await this.#setAttributes(to, stats);
    } finally {
      await file.close();
    }
  }

  async #makeDirectory(target: Buffer): Promise<void> {
    try {
      await mkdir(target, { mode: 0o700 });
    } catch (error) {
      if (!this.#options.overlay || codeOf(error) !== 'EEXIST') throw error;
    }
  }

  async #setAttributes(path: Buffer, stats: Stats): Promise<void> {
    await this.#setOwner(path, stats);
    await chmod(path, stats.mode & 0o1777);
    await lutimes(path, stats.atime, stats.mtime);
    if ((stats.mode & SET_ID_BITS) !== 0) this.outcome.stripped += 1;
  }

  async #setOwner(path: Buffer, stats: Stats): Promise<void> {
    const { owner = stats } = this.#options;
    await lchown(path, owner.uid, owner.gid);
  }
}

/**
 * For a file with a set-id bit. `copyFile` has the kernel share or move the content, but gives the target the mode of its
 * source, which the agent's unit is refused; of the few files that this is about the content comes through our memory.
 */
async function copyContent(file: FileHandle, sizeBytes: number, to: Buffer, flags: string): Promise<void> {
  const target = await open(to, flags, 0o600);
  try {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    // Not further than it was long: a session may go on writing into it without end.
    for (let left = sizeBytes; left > 0; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(left, buffer.length));
      if (bytesRead === 0) return;
      await target.writeFile(buffer.subarray(0, bytesRead)); // it goes on where it ended
      left -= bytesRead;
    }
  } finally {
    await target.close();
  }
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
