import { constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  chmod,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  opendir,
  readlink,
  symlink,
  unlink,
} from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { ContentCopy, SET_ID_BITS } from './copy-content.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Files with more than one name that are remembered: a session may have any number of them. */
const MOST_LINKED = 100_000;
const NAMES_AT_ONCE = 256;

export interface CopyOptions {
  /** What goes into the copy is given to this owner; left out, it keeps its own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Take directories that are there already, and replace files and links; otherwise the target must not exist. */
  readonly overlay?: boolean;
  /** Fail with `refused` rather than fill the disk. */
  readonly keepsReserve?: boolean;
}

export interface CopyOutcome {
  /** How many sockets, FIFOs and devices were passed over. */
  skipped: number;
  /** How many files and directories lost a set-user-ID or set-group-ID bit. */
  stripped: number;
}

/**
 * Copies a directory: modes, owners, modification times, links as links, hard ones too, and holes as holes; sockets, FIFOs and devices are passed over, and
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
  readonly #content: ContentCopy;
  /** Where the first name of a file that has several was copied to, by what tells that file from others. */
  readonly #linked = new Map<string, Buffer>();

  constructor(source: string, target: string, options: CopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#content = new ContentCopy(target, options.keepsReserve ?? false);
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
      for await (const name of namesIn(base)) {
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
      // A number alone may be another file's by now, where the first was removed meanwhile.
      const inode = [stats.dev, stats.ino, stats.birthtimeMs, stats.size, stats.mtimeMs].join(':');
      const copied = stats.nlink > 1 ? this.#linked.get(inode) : undefined;
      if (copied) {
        await link(copied, to);
        return;
      }
      await this.#content.copy(file, stats, to);
      await this.#setAttributes(to, stats);
      if (stats.nlink > 1 && this.#linked.size < MOST_LINKED) this.#linked.set(inode, to);
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

/** One after the other: a session may have made millions. */
async function* namesIn(directory: string): AsyncGenerator<Buffer> {
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: NAMES_AT_ONCE };
  // Its types know no names in bytes.
  const entries = (await opendir(directory, options)) as unknown as AsyncIterable<{ readonly name: Buffer }>;
  for await (const { name } of entries) yield name;
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
