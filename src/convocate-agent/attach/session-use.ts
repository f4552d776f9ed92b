import { messageOf } from '../../base/errors.ts';
import type { Agent } from '../sessions/agent.ts';

/** The list is sorted by it: finer than that nobody looks, and a note is a write to the disk. */
const GRAIN_MS = 60_000;

/**
 * Notes that one operator's terminal uses its session. No event tells of keys: the shell hears of them with the list
 * that it asks for every 30 s.
 */
export class SessionUse {
  readonly #agent: Agent;
  readonly #id: string;
  readonly #nowMs: () => number;
  #notedAtMs = -Infinity;

  constructor(agent: Agent, id: string, nowMs: () => number = () => performance.now()) {
    this.#agent = agent;
    this.#id = id;
    this.#nowMs = nowMs;
  }

  /** Keys came. */
  typed(): void {
    if (this.#nowMs() - this.#notedAtMs >= GRAIN_MS) void this.note();
  }

  /** On a full disk nothing can be noted, and the way in is needed most: never rejects. */
  async note(): Promise<void> {
    const { store, now, log } = this.#agent;
    this.#notedAtMs = this.#nowMs();
    const last_accessed = now().toISOString();
    try {
      await store.update(this.#id, (stored) => ({ ...stored, last_accessed }));
    } catch (error) {
      log.warn({ session: this.#id }, `attach: the time of it is not noted: ${messageOf(error)}`);
    }
  }
}
