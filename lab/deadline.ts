// Waiting for something that another process will make true.
import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  readonly timeoutMs: number;
  readonly everyMs?: number;
}

/** Asks until the answer is not undefined; throws with `what` when the time is over. */
export async function pollUntil<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { timeoutMs, everyMs = 100 }: PollOptions,
): Promise<T> {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() >= endsAt) throw new Error(`${what}: not so after ${timeoutMs} ms`);
    await sleep(everyMs);
  }
}
