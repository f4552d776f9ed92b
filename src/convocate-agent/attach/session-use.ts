import type { Agent } from '../sessions/agent.ts';
import { noteUse } from '../sessions/note-use.ts';

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

  /** Never rejects. */
  async note(): Promise<void> {
    this.#notedAtMs = this.#nowMs();
    await noteUse(this.#agent, this.#id);
  }
}
