import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { publicBlobOf } from '../ssh/keys.ts';
import { AGENT_FILE, agentIdsIn, directoryOf } from './agent-directory.ts';

interface KnownKey {
  readonly stamp: string;
  /** Undefined where the file holds no key. */
  readonly blob: Buffer | undefined;
}

/**
 * The keys that agents show on 223, kept in memory: anybody who reaches the port may ask about keys, and must not make
 * us read every agent's file for each question. A file is read again where it is another one than it was.
 */
export class AgentKeys {
  readonly #dir: string | undefined;
  readonly #read: (file: string) => Promise<string>;
  #known: ReadonlyMap<string, KnownKey> = new Map();

  /** `read` is for tests. */
  constructor(dir?: string, read = (file: string): Promise<string> => readFile(file, 'utf8')) {
    this.#dir = dir;
    this.#read = read;
  }

  /**
   * Whose key this is; entries that cannot be read are passed over, the scan tells the operator about them. A key that
   * was taken out is nobody's at once: the file that vouches for an answer is read for that answer.
   */
  async identify(publicKey: Buffer): Promise<string | undefined> {
    const known = await this.#renewed();
    for (const [agentId, { blob }] of known) {
      if (!blob?.equals(publicKey)) continue;
      if ((await this.#blobOf(agentId))?.equals(publicKey)) return agentId;
    }
    return undefined;
  }

  async #renewed(): Promise<ReadonlyMap<string, KnownKey>> {
    const known = new Map<string, KnownKey>();
    for (const agentId of await agentIdsIn(this.#dir)) {
      const stamp = await this.#stampOf(agentId);
      if (stamp === undefined) continue;
      const old = this.#known.get(agentId);
      known.set(agentId, old?.stamp === stamp ? old : { stamp, blob: await this.#blobOf(agentId) });
    }
    this.#known = known;
    return known;
  }

  async #stampOf(agentId: string): Promise<string | undefined> {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(this.#fileOf(agentId), { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join(' ');
    } catch {
      return undefined;
    }
  }

  async #blobOf(agentId: string): Promise<Buffer | undefined> {
    try {
      return publicBlobOf(await this.#read(this.#fileOf(agentId)));
    } catch {
      return undefined;
    }
  }

  #fileOf(agentId: string): string {
    return join(directoryOf(agentId, this.#dir), AGENT_FILE.agentPublicKey);
  }
}
