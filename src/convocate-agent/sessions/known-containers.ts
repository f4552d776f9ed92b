import type { Logger } from 'pino';
import { codeOf } from '../../base/errors.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import { LABEL } from '../../protocol/host-layout.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import type { SessionStore } from './store.ts';
import type { ContainerRecord } from './stored-session.ts';
import { type MemoryNews, type Wish, isSameRun, isWished, runOf, wantedMemory } from './why-it-ended.ts';

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
  readonly #log: Logger;
  readonly #looks = new KeyedLock();
  /** The last that Docker said, in an event, of something that was killed for want of memory. */
  readonly #memoryNews = new Map<string, MemoryNews>();
  readonly #wishes = new Map<string, Wish>();
  /** What an agent before this one wrote down of a run that had ended. */
  readonly #recorded = new Map<string, ContainerRecord>();

  constructor(store: SessionStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** What to show, best knowledge first. */
  recordOf(uuid: string, stored: ContainerRecord | undefined): ContainerRecord | undefined {
    if (!this.#facts.has(uuid)) return stored;
    const facts = this.#facts.get(uuid);
    if (facts) return recordFrom(facts, this.#wasAskedToStop(uuid, facts));
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
      const seen = await inspect();
      if (!this.#facts.has(uuid)) await this.#recall(uuid);
      const facts = seen && { ...seen, oomKilled: this.#wantedMemory(uuid, seen) };
      const before = this.#facts.get(uuid);
      const transition = await this.#note(uuid, facts);
      const isLate = facts?.oomKilled === true && before?.id === facts.id && !before.oomKilled;
      return { facts, transition, causeIsNew: transition === undefined && isLate };
    });
  }

  /** Docker's event tells of it where its later answers may not, as when only a child of the program was killed. */
  noteOutOfMemory(uuid: string, news: MemoryNews): void {
    this.#memoryNews.set(uuid, news);
  }

  /** Before it is done, so that the news of its end finds it. */
  noteAskedToStop(uuid: string, wish: Wish): void {
    this.#wishes.set(uuid, wish);
  }

  /** It could not be done: whatever ends the session later is another cause. */
  forgetAskedToStop(uuid: string): void {
    this.#wishes.delete(uuid);
  }

  forget(uuid: string): void {
    this.#facts.delete(uuid);
    this.#memoryNews.delete(uuid);
    this.#wishes.delete(uuid);
    this.#recorded.delete(uuid);
  }

  async #recall(uuid: string): Promise<void> {
    const record = (await this.#store.find(uuid))?.stored?.container;
    if (record && !record.running) this.#recorded.set(uuid, record);
  }

  #recordedOf(uuid: string, facts: ContainerFacts): ContainerRecord | undefined {
    const record = this.#recorded.get(uuid);
    return record && !facts.running && isSameRun(runOf(record), facts) ? record : undefined;
  }

  #wasAskedToStop(uuid: string, facts: ContainerFacts): boolean {
    return isWished(this.#wishes.get(uuid), facts) || this.#recordedOf(uuid, facts)?.asked_to_stop === true;
  }

  #wantedMemory(uuid: string, facts: ContainerFacts): boolean {
    if (this.#wasAskedToStop(uuid, facts)) return false;
    const wanted = wantedMemory(this.#memoryNews.get(uuid), facts);
    return wanted || this.#recordedOf(uuid, facts)?.oom_killed === true;
  }

  async #note(uuid: string, facts: ContainerFacts | undefined): Promise<Transition> {
    const known = this.#facts.has(uuid);
    let wasRunning = this.#facts.get(uuid)?.running ?? false;
    this.#facts.set(uuid, facts);
    try {
      await this.#store.update(uuid, (stored) => {
        if (!known) wasRunning = stored.container?.running ?? false;
        const record = this.recordOf(uuid, stored.container);
        if (JSON.stringify(record) === JSON.stringify(stored.container)) return stored;
        return { ...stored, ...(record && { container: record }) };
      });
    } catch (error) {
      // It is for later agents only; a look when the disk takes it again writes it.
      if (codeOf(error) === undefined) throw error;
      this.#log.warn(
        { session: uuid, err: error },
        'what Docker says of its container cannot be written down',
      );
    }
    const isRunning = facts?.running ?? false;
    if (isRunning === wasRunning) return undefined;
    return isRunning ? 'started' : 'ended';
  }
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
