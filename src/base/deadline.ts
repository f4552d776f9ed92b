/** Nothing waits for ever: the two ways to put an end to a wait. */

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly timeoutMs: number;
  constructor(what: string, timeoutMs: number) {
    super(`${what} did not finish within ${timeoutMs / 1000} s`);
    this.timeoutMs = timeoutMs;
  }
}

/** Settles as `promise` does, or rejects with {@link DeadlineError} after `timeoutMs`. */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineError(what, timeoutMs)), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const timer = setTimeout(end, ms);
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener('abort', end);
}

/**
 * Asks `probe` every `intervalMs` until it gives a value; {@link DeadlineError} after `timeoutMs`. Throws the reason of
 * `signal` where that is aborted first.
 */
export async function pollUntil<T>(
  probe: () => Promise<T | undefined>,
  options: {
    readonly timeoutMs: number;
    readonly intervalMs: number;
    readonly what: string;
    readonly signal?: AbortSignal;
  },
): Promise<T> {
  const endsAt = performance.now() + options.timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() >= endsAt) throw new DeadlineError(options.what, options.timeoutMs);
    await pause(options.intervalMs, options.signal);
    options.signal?.throwIfAborted();
  }
}

/** As Promise.all, of what `start` gives; once one fails, the signal tells the others to wait no more. */
export async function allOrAbort(start: (signal: AbortSignal) => Iterable<unknown>): Promise<void> {
  const abort = new AbortController();
  try {
    await Promise.all(start(abort.signal));
  } catch (error) {
    abort.abort();
    throw error;
  }
}
