const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

export interface SignalHandlers {
  onEnd(signal: NodeJS.Signals): void;
  onResize(): void;
}

/** Passes signals on while `work` goes on; afterwards they do what they did before. */
export async function whileSignalled<T>(handlers: SignalHandlers, work: Promise<T>): Promise<T> {
  const onEnd = (signal: NodeJS.Signals): void => handlers.onEnd(signal);
  const onResize = (): void => handlers.onResize();
  for (const signal of ENDING_SIGNALS) process.on(signal, onEnd);
  process.on('SIGWINCH', onResize);
  try {
    return await work;
  } finally {
    process.off('SIGWINCH', onResize);
    for (const signal of ENDING_SIGNALS) process.off(signal, onEnd);
  }
}
