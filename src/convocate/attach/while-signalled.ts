export const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

export interface SignalHandlers {
  onEnd(signal: NodeJS.Signals): void;
  onResize(): void;
}

/**
 * Passes signals on while `work` goes on; afterwards they do what they did before. Whoever runs it can end it with `ended`,
 * as SIGTERM does, also before it has begun.
 */
export async function whileSignalled<T>(
  handlers: SignalHandlers,
  ended: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  const onEnd = (signal: NodeJS.Signals): void => handlers.onEnd(signal);
  const onEnded = (): void => onEnd('SIGTERM');
  const onResize = (): void => handlers.onResize();
  for (const signal of ENDING_SIGNALS) process.on(signal, onEnd);
  process.on('SIGWINCH', onResize);
  ended?.addEventListener('abort', onEnded);
  if (ended?.aborted) onEnded();
  try {
    return await work;
  } finally {
    ended?.removeEventListener('abort', onEnded);
    process.off('SIGWINCH', onResize);
    for (const signal of ENDING_SIGNALS) process.off(signal, onEnd);
  }
}
