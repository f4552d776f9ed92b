import type { Bell } from '../attach/bell.ts';
import { targetKey, type Target } from './target.ts';

/** Keeps, while a session has the terminal, what the list has to tell when it is back; and rings for it meanwhile. */
export class WhileAttached {
  readonly #bell: Pick<Bell, 'ring'>;
  readonly #shown: string;
  readonly #missed = new Set<string>();

  constructor(shown: Target, bell: Pick<Bell, 'ring'>) {
    this.#shown = targetKey(shown);
    this.#bell = bell;
  }

  /** By `keyOf`; the session that is shown needs no bell: whoever waits for it sees it. */
  startedToWait(sessions: readonly string[]): void {
    const others = sessions.filter((key) => key !== this.#shown);
    if (others.length === 0) return;
    for (const key of others) this.#missed.add(key);
    this.#bell.ring();
  }

  /** By `keyOf`, each once, however often it started to wait. */
  get missed(): readonly string[] {
    return [...this.#missed];
  }
}
