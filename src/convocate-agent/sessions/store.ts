import { readFile, readdir, rm } from 'node:fs/promises';
import { syncToDisk, writeFileAtomic } from '../../base/atomic-file.ts';
import { codeOf, messageOf } from '../../base/errors.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import { isSessionId } from '../../protocol/ids.ts';
import { metadataFileOf } from './paths.ts';
import { type StoredEntry, type StoredSession, parseStoredSession } from './stored-session.ts';

/**
 * The sessions of this agent, one file each. Nothing is cached: what a list shows is what the disk says. Changes to
 * one session's file wait for each other, so that none is lost.
 */
export class SessionStore {
  readonly #dir: string;
  readonly #writes = new KeyedLock();

  constructor(sessionsDir: string) {
    this.#dir = sessionsDir;
  }

  /** Undefined where there is no such session; a damaged one is found. */
  async find(uuid: string): Promise<StoredEntry | undefined> {
    const path = metadataFileOf(this.#dir, uuid);
    try {
      return parseStoredSession(uuid, await readFile(path, 'utf8'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      return { uuid, damaged: `its metadata file cannot be read: ${messageOf(error)}` };
    }
  }

  /** All of them, the oldest first; damaged ones at the end. */
  async list(): Promise<StoredEntry[]> {
    const entries: StoredEntry[] = [];
    for (const name of await readdir(this.#dir)) {
      const uuid = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
      const entry = isSessionId(uuid) ? await this.find(uuid) : undefined;
      if (entry) entries.push(entry);
    }
    return entries.sort((a, b) => sortKey(a).localeCompare(sortKey(b)));
  }

  async write(stored: StoredSession): Promise<void> {
    await this.#writes.run(stored.uuid, () => this.#put(stored));
  }

  /** Applies `change` to what is stored now. Does nothing, and gives undefined, for a missing or damaged session. */
  async update(
    uuid: string,
    change: (stored: StoredSession) => StoredSession,
  ): Promise<StoredSession | undefined> {
    return await this.#writes.run(uuid, async () => {
      const entry = await this.find(uuid);
      if (!entry?.stored) return undefined;
      const next = change(entry.stored);
      if (next !== entry.stored) await this.#put(next);
      return next;
    });
  }

  async remove(uuid: string): Promise<void> {
    await this.#writes.run(uuid, async () => {
      await rm(metadataFileOf(this.#dir, uuid), { force: true });
      await syncToDisk(this.#dir);
    });
  }

  async #put(stored: StoredSession): Promise<void> {
    const text = `${JSON.stringify(stored, undefined, 2)}\n`;
    await writeFileAtomic(metadataFileOf(this.#dir, stored.uuid), text, { mode: 0o600 });
  }
}

function sortKey(entry: StoredEntry): string {
  return `${entry.stored?.created_at ?? '~'} ${entry.uuid}`;
}
