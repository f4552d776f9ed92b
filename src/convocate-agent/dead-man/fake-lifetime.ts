import { vi } from 'vitest';

/**
 * Waits for the end of a life, with the timers faked: whenever it waits for one, that time passes at once. Files and
 * programs take none of it.
 */
export async function endOf<T>(life: Promise<T>): Promise<T> {
  let isOver = false;
  const over = life.finally(() => (isOver = true));
  void over.catch(() => {});
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
  }
  return await over;
}

/**
 * Counts what a program changes, and can kill it before any change: from then on nothing that it asks for ever
 * comes back, so neither a `catch` nor a `finally` of it runs, as after a SIGKILL.
 */
export class Lifetime {
  /** Every change that was made or tried, in order, in words. */
  readonly changes: string[] = [];
  #failures = new Map<string, () => unknown>();
  #life = 0;
  #killBefore = Number.POSITIVE_INFINITY;
  #made = 0;
  #onKilled: () => void = () => {};

  /** Runs a program to its end, or until it is killed before its n-th change, counted from 0. */
  async live(
    program: () => Promise<unknown>,
    killBefore = Number.POSITIVE_INFINITY,
  ): Promise<'ended' | 'killed'> {
    this.#life += 1;
    this.#killBefore = killBefore;
    this.#made = 0;
    const killed = new Promise<'killed'>((resolve) => {
      this.#onKilled = () => resolve('killed');
    });
    const end = await Promise.race([program().then(() => 'ended' as const), killed]);
    if (end === 'killed' && vi.isFakeTimers()) endTimers();
    return end;
  }

  /** From now on this change is not made: it answers with that instead, or throws it. */
  failOn(change: string, how: () => unknown): void {
    this.#failures.set(change, how);
  }

  /** Nothing fails any more. */
  mend(): void {
    this.#failures.clear();
  }

  async look<T>(work: () => T | Promise<T>): Promise<T> {
    return await this.#whileAlive(work);
  }

  async change<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    return await this.#whileAlive(() => {
      if (this.#made === this.#killBefore) {
        this.#life += 1;
        this.#onKilled();
        return new Promise<never>(() => {});
      }
      this.#made += 1;
      this.changes.push(what);
      return (this.#failures.get(what) ?? work)() as T;
    });
  }

  async #whileAlive<T>(work: () => T | Promise<T>): Promise<T> {
    const life = this.#life;
    const result = await work();
    return life === this.#life ? result : await new Promise<never>(() => {});
  }
}

/** A killed program's timers are gone with it; the time goes on. */
function endTimers(): void {
  const now = Date.now();
  vi.clearAllTimers(); // sets the clock back as well
  vi.setSystemTime(now);
}
