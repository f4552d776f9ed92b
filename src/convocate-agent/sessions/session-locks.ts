import { readFile, readdir, rm } from 'node:fs/promises';
import * as z from 'zod/mini';
import { syncToDisk, writeFileAtomic } from '../../base/atomic-file.ts';
import { codeOf, isDiskFull } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { isSessionId } from '../../protocol/ids.ts';
import { lockFileOf } from './paths.ts';

const LockMarker = z.object({ op: z.string(), since: z.string() });
export type LockMarker = z.infer<typeof LockMarker>;

/**
 * One change at a time per session. The lock itself is in memory and dies with the agent; a marker file beside the
 * metadata outlives a crash, so that a change that was cut off is known at the next start. There it is finished or
 * undone; where that fails the session stays `locked` until an operator says `override`.
 */
export class SessionLocks {
  readonly #dir: string;
  readonly #now: () => Date;
  readonly #live = new Map<string, LockMarker>();
  #onIdle: (() => void)[] = [];

  constructor(sessionsDir: string, now: () => Date) {
    this.#dir = sessionsDir;
    this.#now = now;
  }

  /** Runs `task` as the only change to this session; `busy` where another is under way. */
  async hold<T>(uuid: string, op: string, task: () => Promise<T>): Promise<T> {
    const other = this.#live.get(uuid);
    if (other) {
      throw new RpcError('busy', `session ${uuid} is busy: ${other.op} is under way since ${other.since}`);
    }
    this.#live.set(uuid, { op, since: this.#now().toISOString() });
    try {
      return await task();
    } finally {
      this.#live.delete(uuid);
      if (this.#live.size === 0) for (const wake of this.#onIdle.splice(0)) wake();
    }
  }

  /**
   * Keeps a marker on disk while `task` runs. To be called while the lock is held.
   *
   * @param onFullDisk where the disk has no room for the marker, is told so, and `task` runs without; by default it fails
   */
  async mark<T>(
    uuid: string,
    op: string,
    task: () => Promise<T>,
    onFullDisk?: (error: unknown) => void,
  ): Promise<T> {
    try {
      await this.#writeMarker(uuid, { op, since: this.#now().toISOString() });
    } catch (error) {
      if (!onFullDisk || !isDiskFull(error)) throw error;
      onFullDisk(error);
    }
    try {
      return await task();
    } finally {
      await this.clear(uuid);
    }
  }

  /** The change that is under way in this very process. */
  liveOp(uuid: string): string | undefined {
    return this.#live.get(uuid)?.op;
  }

  /** The change that an earlier run of the agent left behind. */
  async stale(uuid: string): Promise<LockMarker | undefined> {
    if (this.#live.has(uuid)) return undefined;
    return await this.readMarker(uuid);
  }

  async readMarker(uuid: string): Promise<LockMarker | undefined> {
    try {
      const parsed = LockMarker.safeParse(JSON.parse(await readFile(lockFileOf(this.#dir, uuid), 'utf8')));
      return parsed.success ? parsed.data : { op: 'an unknown change', since: '' };
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? undefined : { op: 'an unknown change', since: '' };
    }
  }

  async clear(uuid: string): Promise<void> {
    await rm(lockFileOf(this.#dir, uuid), { force: true });
    await syncToDisk(this.#dir);
  }

  /** Every session that has a marker on disk. */
  async marked(): Promise<string[]> {
    const names = await readdir(this.#dir);
    return names
      .filter((name) => name.endsWith('.lock'))
      .map((name) => name.slice(0, -'.lock'.length))
      .filter(isSessionId);
  }

  /** Settles when no change is under way. */
  async idle(): Promise<void> {
    if (this.#live.size === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  async #writeMarker(uuid: string, marker: LockMarker): Promise<void> {
    await writeFileAtomic(lockFileOf(this.#dir, uuid), `${JSON.stringify(marker)}\n`, { mode: 0o600 });
  }
}
