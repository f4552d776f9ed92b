import type { Activity } from '../../protocol/activity.ts';

/** A program that changes its mind many times a second is told of this often; its last word is never left out. */
const BETWEEN_MS = 200;
/** That a terminal shows something new is no news by itself more often than this. */
const OUTPUT_NEWS_MS = 15_000;

interface Told {
  readonly activity: Activity | undefined;
  readonly atMs: number;
}

/** Decides when a session's activity is worth an event. Times are those of a clock that only rises. */
export class ActivityTeller implements Disposable {
  readonly #announce: (id: string) => void;
  readonly #nowMs: () => number;
  readonly #told = new Map<string, Told>();
  readonly #later = new Map<string, NodeJS.Timeout>();

  constructor(announce: (id: string) => void, nowMs: () => number = () => performance.now()) {
    this.#announce = announce;
    this.#nowMs = nowMs;
  }

  /** What it is now; `activity` is asked for again when it is told later. */
  consider(id: string, activity: () => Activity | undefined): void {
    if (this.#later.has(id)) return;
    const told = this.#told.get(id);
    const now = activity();
    if (!this.#isNews(told, now)) return;
    const waitMs = told ? told.atMs + BETWEEN_MS - this.#nowMs() : 0;
    if (waitMs <= 0) {
      this.#told.set(id, { activity: now, atMs: this.#nowMs() });
      this.#announce(id);
      return;
    }
    const timer = setTimeout(() => {
      this.#later.delete(id);
      this.consider(id, activity);
    }, waitMs);
    timer.unref();
    this.#later.set(id, timer);
  }

  forget(id: string): void {
    clearTimeout(this.#later.get(id));
    this.#later.delete(id);
    this.#told.delete(id);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
  }

  #isNews(told: Told | undefined, now: Activity | undefined): boolean {
    if (!told) return now !== undefined;
    const { activity: before } = told;
    if (before?.state !== now?.state || before?.detail !== now?.detail || before?.since !== now?.since)
      return true;
    return before?.last_output_at !== now?.last_output_at && this.#nowMs() - told.atMs >= OUTPUT_NEWS_MS;
  }
}
