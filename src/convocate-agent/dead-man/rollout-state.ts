import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncToDisk, writeFileAtomic } from '../../base/atomic-file.ts';
import { OperationError, RefusedError, codeOf } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import { Armed } from '../../protocol/armed.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RolledBack } from '../../protocol/rpc.ts';

/** What stands between two releases: nothing, a rollout that waits for its word, or one that is being taken back. */
export type RolloutState =
  | { readonly kind: 'settled' }
  | { readonly kind: 'armed'; readonly armed: Armed }
  | { readonly kind: 'returning'; readonly armed: Armed; readonly reason: string };

/**
 * The files in which that state lies. Whoever renames `armed.json` decides how the rollout ends, and only one can:
 * the shell that confirms it, or the dead-man that takes it back. There is no moment in which it is neither.
 */
export class RolloutFiles {
  readonly #directory: string;
  /** In memory only, so that it is gone when the host was started anew. */
  readonly #bootMark: string;

  /** In memory too: a full disk is no reason not to ask. */
  readonly #request: string;

  constructor(
    directory: string = AGENT_HOST.rolloutDir,
    bootMark: string = AGENT_HOST.rolloutBootMark,
    request: string = AGENT_HOST.rolloutRequest,
  ) {
    this.#directory = directory;
    this.#bootMark = bootMark;
    this.#request = request;
  }

  async read(): Promise<RolloutState> {
    // In the order in which the one becomes the other: whoever reads while it is renamed sees one of them.
    const armed = await this.#readArmed('armed.json');
    if (armed) return { kind: 'armed', armed };
    const returning = await this.#readArmed('returning.json');
    if (!returning) return { kind: 'settled' };
    const reason = await this.#readText('reason');
    return { kind: 'returning', armed: returning, reason: reason?.trim() || 'for a reason that was lost' };
  }

  async arm(armed: Armed): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#remove('returned.json', 'reason', 'request');
    await writeFile(this.#bootMark, '', { mode: 0o600 });
    await writeFileAtomic(this.#path('armed.json'), `${JSON.stringify(armed)}\n`, { mode: 0o600 });
  }

  /** The rollout stays. False where it is being taken back, or was. */
  async confirm(): Promise<boolean> {
    if (!(await this.#claim('confirmed.json'))) return false;
    await this.#remove('confirmed.json', 'reason', 'request');
    return true;
  }

  /** The rollout is taken back. False where it was confirmed meanwhile. */
  async startReturn(reason: string): Promise<boolean> {
    await this.#tellReason(reason);
    return await this.#claim('returning.json');
  }

  /** Puts on record that the host had to leave the release; to be called before it does. */
  async recordReturn(returned: RolledBack): Promise<void> {
    if (await this.returned()) return; // from before the dead-man was started again
    await this.#writeReturn(returned);
  }

  /** Adds to that record what went wrong, and where the host is now; also where the return was no news until then. */
  async amendReturn(returned: RolledBack, problems: string): Promise<void> {
    const { at, reason } = (await this.returned()) ?? returned;
    if (reason.endsWith(problems)) return; // from before the dead-man was started again
    await this.#writeReturn({ ...returned, at, reason: `${reason}; ${problems}` });
  }

  async finishReturn(): Promise<void> {
    // The mark goes last: a dead-man that is killed in between is started again by it.
    await this.#remove('request', 'reason', 'returning.json');
  }

  /** Asks the dead-man to take the rollout back now; it alone does so. */
  async requestReturn(reason: string): Promise<void> {
    await writeFileAtomic(this.#request, `${reason}\n`, { mode: 0o600 });
  }

  /** Of whoever took the rollout lock last. */
  async newestRollout(): Promise<number> {
    return Number.parseInt((await this.#readText('number')) ?? '0', 10);
  }

  async isSameBoot(): Promise<boolean> {
    return await access(this.#bootMark).then(
      () => true,
      () => false,
    );
  }

  async requestedReturn(): Promise<string | undefined> {
    return (await readText(this.#request))?.trim();
  }

  /** The rollout that was last taken back here, until someone has seen it or another one begins. */
  async returned(): Promise<RolledBack | undefined> {
    const text = await this.#readText('returned.json');
    const parsed = text === undefined ? undefined : RolledBack.safeParse(parseJson(text));
    return parsed?.success ? parsed.data : undefined;
  }

  async #writeReturn(returned: RolledBack): Promise<void> {
    await writeFileAtomic(this.#path('returned.json'), `${JSON.stringify(returned)}\n`, { mode: 0o600 });
  }

  /** Going back matters more than saying why: the disk may be full. */
  async #tellReason(reason: string): Promise<void> {
    await writeFileAtomic(this.#path('reason'), `${reason}\n`, { mode: 0o600 }).catch(() => {});
  }

  async #claim(as: 'confirmed.json' | 'returning.json'): Promise<boolean> {
    try {
      await rename(this.#path('armed.json'), this.#path(as));
      await syncToDisk(this.#directory); // or a power cut would undo the decision
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #readArmed(name: string): Promise<Armed | undefined> {
    const text = await this.#readText(name);
    if (text === undefined) return undefined;
    const armed = Armed.safeParse(parseJson(text));
    if (armed.success) return armed.data;
    throw new OperationError(`${this.#path(name)} is damaged, so nobody knows what to go back to`, {
      hint: 'run an update or a rollback on this host: that puts it away and proves what it brings',
    });
  }

  async #readText(name: string): Promise<string | undefined> {
    return await readText(this.#path(name));
  }

  async #remove(...names: string[]): Promise<void> {
    for (const name of names)
      await rm(name === 'request' ? this.#request : this.#path(name), { force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/**
 * Throws RefusedError while a rollout is open: what the way back from it needs is named by no link then.
 *
 * @param outcome what the refusal means, such as `so nothing was removed`
 */
export async function requireSettled(outcome: string): Promise<void> {
  if ((await new RolloutFiles().read()).kind === 'settled') return;
  throw new RefusedError(`a rollout is still open on this host, ${outcome}`, {
    hint: 'wait until it is confirmed or taken back; `convocate-host status` shows which',
  });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
