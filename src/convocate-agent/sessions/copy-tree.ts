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
  unlink,
} from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
const SET_ID_BITS = 0o6000;
const COPY_BYTES = 256 * 1024;

export interface CopyOptions {
  /** What goes into the copy is given to this owner; left out, it keeps its own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Take directories that are there already, and replace files and links; otherwise the target must not exist. */
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
 *
 * Throws `refused` where an overlay has a directory in the place of something else, or the other way round: a whole
 * directory is not taken away in silence, and which of the two was meant only the operator knows.
 */
export async function copyTree(
  source: string,
  target: string,
  options: CopyOptions = {},
): Promise<CopyOutcome> {
  const directory = await open(source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const copy = new TreeCopy(source, target, options);
  await copy.directory(directory, Buffer.alloc(0));
  return copy.outcome;
}

class TreeCopy {
  readonly outcome: CopyOutcome = { skipped: 0, stripped: 0 };
  readonly #source: string;
  readonly #target: string;
  readonly #options: CopyOptions;

  constructor(source: string, target: string, options: CopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
  }

  /**
   * Takes over, and closes, `source`; `path` is where it lies below both roots, empty or with a slash in front. Names are
   * bytes: a session may have some that are not UTF-8.
   */
  async directory(source: FileHandle, path: Buffer): Promise<void> {
    const target = Buffer.concat([Buffer.from(this.#target), path]);
    try {
      const stats = await source.stat();
      await this.#makeDirectory(target, path);
      const base = `/proc/self/fd/${source.fd}`;
      for (const name of await readdir(base, { encoding: 'buffer' })) {
        const from = Buffer.concat([Buffer.from(`${base}/`), name]);
        try {
          await this.#entry(from, Buffer.concat([path, Buffer.from('/'), name]));
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

  async #entry(from: Buffer, path: Buffer): Promise<void> {
    const stats = await lstat(from);
    if (stats.isDirectory()) {
      await this.directory(await open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path);
    } else if (stats.isSymbolicLink()) {
      const to = await this.#freePlace(path);
      await symlink(await readlink(from, { encoding: 'buffer' }), to);
      await this.#setOwner(to, stats);
      await lutimes(to, stats.atime, stats.mtime);
    } else if (stats.isFile()) {
      await this.#regularFile(from, path);
    } else {
      this.outcome.skipped += 1;
    }
  }

  async #regularFile(from: Buffer, path: Buffer): Promise<void> {
    const file = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) {
        this.outcome.skipped += 1;
        return;
      }
      const to = await this.#freePlace(path);
      if ((stats.mode & SET_ID_BITS) === 0)
        await copyFile(`/proc/self/fd/${file.fd}`, to, COPYFILE_FICLONE | COPYFILE_EXCL);
      else await copyContent(file, stats.size, to);
      await this.#setAttributes(to, stats);
    } finally {
      await file.close();
    }
  }

  async #makeDirectory(target: Buffer, path: Buffer): Promise<void> {
    try {
      await mkdir(target, { mode: 0o700 });
    } catch (error) {
      if (!this.#options.overlay || codeOf(error) !== 'EEXIST') throw error;
      if (!(await lstat(target)).isDirectory()) throw this.#clash(path, 'is a directory', 'is none');
    }
  }

  /** Where a file or a link goes. What an overlay finds there is removed first, so that nothing is written through a link. */
  async #freePlace(path: Buffer): Promise<Buffer> {
    const to = Buffer.concat([Buffer.from(this.#target), path]);
    if (this.#options.overlay) {
      await unlink(to).catch((error: unknown) => {
        if (codeOf(error) === 'EISDIR') throw this.#clash(path, 'is no directory', 'is one');
        if (codeOf(error) !== 'ENOENT') throw error;
      });
    }
    return to;
  }

  #clash(path: Buffer, here: string, there: string): RpcError {
    const name = path.toString();
    const words = `${this.#source}${name} ${here}, but what is already at ${this.#target}${name} ${there}`;
    return new RpcError(
      'refused',
      `${words}; it cannot be laid over that: make it the same kind, or take it away`,
    );
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
async function copyContent(file: FileHandle, sizeBytes: number, to: Buffer): Promise<void> {
  const target = await open(to, 'wx', 0o600);
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
