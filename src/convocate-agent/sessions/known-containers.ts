import { KeyedLock } from '../../base/keyed-lock.ts';
import { LABEL } from '../../protocol/host-layout.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import { STOPPED_EXIT } from '../../protocol/session.ts';
import type { SessionStore } from './store.ts';
import type { ContainerRecord } from './stored-session.ts';

/** Whether a session has started or ended since it was looked at before. */
export type Transition = 'started' | 'ended' | undefined;

export interface Look {
  readonly facts: ContainerFacts | undefined;
  readonly transition: Transition;
  /** It had ended already, and only now is it known that it was for want of memory. */
  readonly causeIsNew: boolean;
}

/**
 * The last that Docker said about each session's container. It is written to the session's metadata too, so that an
 * agent that starts while Docker is down can still tell what it knew.
 */
export class KnownContainers {
  readonly #facts = new Map<string, ContainerFacts | undefined>();
  readonly #store: SessionStore;
  readonly #looks = new KeyedLock();
  /** Ids of containers of which Docker said, in an event, that something in them was killed for want of memory. */
  readonly #outOfMemory = new Map<string, string>();
  /** Ids of containers that somebody wants to end. */
  readonly #askedToStop = new Map<string, string>();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /** What to show, best knowledge first. */
  recordOf(uuid: string, stored: ContainerRecord | undefined): ContainerRecord | undefined {
    if (!this.#facts.has(uuid)) return stored;
    const facts = this.#facts.get(uuid);
    if (facts) return recordFrom(facts, this.#wasAskedToStop(uuid, facts, stored));
    return stored && { ...stored, id: '', running: false };
  }

  /** Those that run, by the session they belong to. */
  running(): { readonly uuid: string; readonly id: string; readonly startedAt: string }[] {
    return [...this.#facts].flatMap(([uuid, facts]) =>
      facts?.running ? [{ uuid, id: facts.id, startedAt: facts.startedAt }] : [],
    );
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
      const facts = this.#withMemoryNews(uuid, await inspect());
      const before = this.#facts.get(uuid);
      const transition = await this.#note(uuid, facts);
      const isLate = facts?.oomKilled === true && before?.id === facts.id && !before.oomKilled;
      return { facts, transition, causeIsNew: transition === undefined && isLate };
    });
  }

  /** Docker's event tells of it where its later answers may not, as when only a child of the program was killed. */
  noteOutOfMemory(uuid: string, containerId: string): void {
    this.#outOfMemory.set(uuid, containerId);
  }

  /** Before it is done, so that the news of its end finds it; false takes it back where it could not be done. */
  noteAskedToStop(uuid: string, containerId: string, isAsked = true): void {
    if (isAsked) this.#askedToStop.set(uuid, containerId);
    else this.#askedToStop.delete(uuid);
  }

  forget(uuid: string): void {
    this.#facts.delete(uuid);
    this.#outOfMemory.delete(uuid);
    this.#askedToStop.delete(uuid);
  }

  /** What an agent before this one wrote down counts for the same container only. */
  #wasAskedToStop(
    uuid: string,
    { id, running }: ContainerFacts,
    stored: ContainerRecord | undefined,
  ): boolean {
    if (running) return false;
    return this.#askedToStop.get(uuid) === id || (stored?.id === id && stored.asked_to_stop === true);
  }

  #withMemoryNews(uuid: string, facts: ContainerFacts | undefined): ContainerFacts | undefined {
    if (!facts) return undefined;
    const killed = facts.oomKilled || this.#outOfMemory.get(uuid) === facts.id;
    const isAsked = this.#askedToStop.get(uuid) === facts.id;
    return { ...facts, oomKilled: killed && !isAsked && endedForWantOfMemory(facts) };
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

/**
 * Something in it was killed for want of memory at some time: was that its end? Not where it went on and ended well, or
 * was stopped later.
 */
function endedForWantOfMemory({ running, exitCode }: ContainerFacts): boolean {
  return !running && exitCode !== 0 && exitCode !== STOPPED_EXIT;
}

function recordFrom(facts: ContainerFacts, askedToStop: boolean): ContainerRecord {
  const profile = facts.labels[LABEL.profile];
  return {
    id: facts.id,
    image: facts.image,
    running: facts.running,
    started_at: facts.startedAt,
    ...(facts.exitCode !== undefined && { exit_code: facts.exitCode }),
    oom_killed: facts.oomKilled,
    ...(askedToStop && { asked_to_stop: true }),
    ...(profile !== undefined && { profile }),
  };
}
