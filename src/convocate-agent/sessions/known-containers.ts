import { KeyedLock } from '../../base/keyed-lock.ts';
import { LABEL } from '../../protocol/host-layout.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import type { SessionStore } from './store.ts';
import type { ContainerRecord } from './stored-session.ts';

/** Whether a session has started or ended since it was looked at before. */
export type Transition = 'started' | 'ended' | undefined;

export interface Look {
  readonly facts: ContainerFacts | undefined;
  readonly transition: Transition;
}

/**
 * The last that Docker said about each session's container. It is written to the session's metadata too, so that an
 * agent that starts while Docker is down can still tell what it knew.
 */
export class KnownContainers {
  readonly #facts = new Map<string, ContainerFacts | undefined>();
  readonly #store: SessionStore;
  readonly #looks = new KeyedLock();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /** What to show, best knowledge first. */
  recordOf(uuid: string, stored: ContainerRecord | undefined): ContainerRecord | undefined {
    if (!this.#facts.has(uuid)) return stored;
    const facts = this.#facts.get(uuid);
    if (facts) return recordFrom(facts);
    return stored && { ...stored, id: '', running: false };
  }

  factsOf(uuid: string): ContainerFacts | undefined {
    return this.#facts.get(uuid);
  }

  /**
   * Looks at the container (`inspect` gives undefined where there is none) and remembers what it saw. One look at a
   * time per session: an older answer never replaces a newer one.
   */
  async look(uuid: string, inspect: () => Promise<ContainerFacts | undefined>): Promise<Look> {
    return await this.#looks.run(uuid, async () => {
      const facts = await inspect();
      return { facts, transition: await this.#note(uuid, facts) };
    });
  }

  forget(uuid: string): void {
    this.#facts.delete(uuid);
  }

  async #note(uuid: string, facts: ContainerFacts | undefined): Promise<Transition> {
    const known = this.#facts.has(uuid);
    let wasRunning = this.#facts.get(uuid)?.running ?? false;
    this.#facts.set(uuid, facts);
    await this.#store.update(uuid, (stored) => {
      if (!known) wasRunning = stored.container?.running ?? false;
      const record = this.recordOf(uuid, stored.container);
      if (JSON.stringify(record) === JSON.stringify(stored.container)) return stored;
      return { ...stored, ...(record && { container: record }) };
    });
    const isRunning = facts?.running ?? false;
    if (isRunning === wasRunning) return undefined;
    return isRunning ? 'started' : 'ended';
  }
}

function recordFrom(facts: ContainerFacts): ContainerRecord {
  const profile = facts.labels[LABEL.profile];
  return {
    id: facts.id,
    image: facts.image,
    running: facts.running,
    started_at: facts.startedAt,
    ...(facts.exitCode !== undefined && { exit_code: facts.exitCode }),
    oom_killed: facts.oomKilled,
    ...(profile !== undefined && { profile }),
  };
}
