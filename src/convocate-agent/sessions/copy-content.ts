import { constants, type Stats } from 'node:fs';
import { type FileHandle, copyFile, open, statfs } from 'node:fs/promises';
import { bytesText } from '../../base/bytes-text.ts';
import { OperationError, codeOf } from '../../base/errors.ts';
import { runChecked } from '../../base/run-command.ts';
import { RpcError } from '../../protocol/error-codes.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;
export const SET_ID_BITS = 0o6000;
/** What one of Node's four threads does without a break; every other use of a file waits for one of them. */
const PIECE_BYTES = 1024 * 1024;
/** Of a smaller file it does not matter whether it has holes. */
const SPARSE_BYTES = 1024 * 1024;
const SPARSE_MS = 60 * 60 * 1000;
const SPARSE_LOOK_MS = 1_000;
/** Of what was ended by SIGXFSZ: it would have written further than it may. */
const AT_LIMIT_EXIT = 128 + 25;
const BLOCK_BYTES = 512; // the unit of `st_blocks`, whatever the file system's own
/** A copy leaves this much of a disk to whatever else runs on the host. */
const RESERVE_SHARE = 0.05;
const RESERVE_BYTES = 1024 ** 3;
/** The room is looked at again after so much was written: others write too. */
const LOOK_BYTES = 64 * 1024 * 1024;
/** The file system does not share blocks, or not between these two: nor will it those of the next file. */
const NEVER_SHARED: ReadonlySet<string> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOTTY', 'EXDEV', 'ENOSYS']);
/** What another way would fail by too. */
const FAILURES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'ENOENT']);

/**
 * Puts the content of files into new ones below one directory: shared, where its file system does that; else piece by
 * piece, so that the agent goes on meanwhile, and with the holes left out of files that have some.
 */
export class ContentCopy {
  readonly #directory: string;
  readonly #keepsReserve: boolean;
  readonly #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #shares = true;
  #roomBytes = 0;

  /** @param keepsReserve `copy` throws `refused` rather than fill the disk */
  constructor(directory: string, keepsReserve: boolean) {
    this.#directory = directory;
    this.#keepsReserve = keepsReserve;
  }

  /** `to` must not exist. Its mode and owner are for the caller to set. */
  async copy(file: FileHandle, stats: Stats, to: Buffer): Promise<void> {
    if (await this.#share(file, stats, to)) return;
    const onDiskBytes = stats.blocks * BLOCK_BYTES;
    await this.#expectRoom(onDiskBytes);
    const target = await open(to, 'wx', 0o600);
    try {
      if (stats.size > SPARSE_BYTES && onDiskBytes < stats.size)
        await this.#copySparse(file, stats.size, target);
      else await this.#copyPieces(file, stats.size, target);
    } finally {
      await target.close();
    }
  }

  /** Gives the target the mode of its source, which the agent's unit is refused where that has a set-id bit. */
  async #share(file: FileHandle, stats: Stats, to: Buffer): Promise<boolean> {
    if (!this.#shares || (stats.mode & SET_ID_BITS) !== 0) return false;
    try {
      await copyFile(pathOf(file), to, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (FAILURES.has(code)) throw error;
      if (NEVER_SHARED.has(code)) this.#shares = false; // trying costs a file that is made and removed
      return false;
    }
  }

  async #expectRoom(sizeBytes: number): Promise<void> {
    if (!this.#keepsReserve) return;
    if (sizeBytes > this.#roomBytes) {
      const roomBytes = await this.#look(sizeBytes);
      this.#roomBytes = Math.max(sizeBytes, Math.min(roomBytes, LOOK_BYTES));
    }
    this.#roomBytes -= sizeBytes;
  }

  /** The bytes that may be written; throws `refused` where those are fewer than `neededBytes`. */
  async #look(neededBytes: number): Promise<number> {
    const { bavail, blocks, bsize } = await statfs(this.#directory);
    const freeBytes = bavail * bsize;
    const reserveBytes = Math.min(RESERVE_BYTES, blocks * bsize * RESERVE_SHARE);
    if (freeBytes - neededBytes >= reserveBytes) return freeBytes - reserveBytes;
    const words = `the disk of ${this.#directory} has no room for the copy: ${bytesText(freeBytes)} are free`;
    throw new RpcError('refused', `${words}, and ${bytesText(reserveBytes)} of it are kept for others`);
  }

  /** Not further than it was long: a session may go on writing into it without end. */
  async #copyPieces(file: FileHandle, sizeBytes: number, target: FileHandle): Promise<void> {
    for (let left = sizeBytes; left > 0; ) {
      const { bytesRead } = await file.read(this.#piece, 0, Math.min(left, PIECE_BYTES));
      if (bytesRead === 0) return;
      await target.writeFile(this.#piece.subarray(0, bytesRead)); // it goes on where it ended
      left -= bytesRead;
    }
  }

  /**
   * By cp(1), which asks where the holes are; Node cannot. A database or a disk of a machine may be nearly nothing else. It
   * would follow a file that grows, and what fills the holes meanwhile: so there is a limit, and an eye on the room.
   */
  async #copySparse(file: FileHandle, sizeBytes: number, target: FileHandle): Promise<void> {
    const cp = ['cp', '--sparse=always', '--', pathOf(file, process.pid), pathOf(target, process.pid)];
    const argv = ['prlimit', `--fsize=${sizeBytes}`, '--core=0', ...cp];
    const refused = new AbortController();
    const looks = setInterval(() => {
      if (this.#keepsReserve) this.#look(0).catch((error: unknown) => refused.abort(error));
    }, SPARSE_LOOK_MS);
    try {
      await runChecked(argv, { timeoutMs: SPARSE_MS, signal: refused.signal });
    } catch (error) {
      refused.signal.throwIfAborted();
      if (!(error instanceof OperationError && error.details.exitCode === AT_LIMIT_EXIT)) throw error;
    } finally {
      clearInterval(looks);
    }
    await target.truncate(sizeBytes); // its end may be a hole
  }
}

/** By its open descriptor: whatever becomes of the name. */
function pathOf(file: FileHandle, pid: number | 'self' = 'self'): string {
  return `/proc/${pid}/fd/${file.fd}`;
}
