import { ENDING_SIGNALS } from './while-signalled.ts';

/**
 * Until it is disposed of, a signal that ends the process has `restore` called first. One that comes while
 * {@link whileSignalled} passes signals on is not for here: whoever listens last is in charge.
 */
export function endBySignal(restore: () => void): Disposable {
  const stop = (): void => {
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listeners(signal).at(-1) !== onSignal) return;
    stop(); // a second signal does what it always does, whatever `restore` waits for
    restore();
    process.kill(process.pid, signal);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  return { [Symbol.dispose]: stop };
}
