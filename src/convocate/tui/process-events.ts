import { OperationError } from '../../base/errors.ts';

export interface ProcessListener {
  /** The UI has to end, and why. */
  readonly onEnd: (error: unknown) => void;
  readonly onResize: () => void;
  /** Someone had stopped us, and now we go on. */
  readonly onContinue: () => void;
  /** The last chance to give the terminal back. */
  readonly onExit: () => void;
}

const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** Listens to all that can end or disturb a program on a screen; gives what stops it. */
export function listenToProcess(listener: ProcessListener): () => void {
  const { onEnd, onResize, onContinue, onExit } = listener;
  const onSignal = (signal: NodeJS.Signals): void => onEnd(endedBy(signal));
  const stay = (): void => {}; // a UI that stops in the middle of its screen helps nobody
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  process.on('SIGTSTP', stay);
  process.on('SIGWINCH', onResize);
  process.on('SIGCONT', onContinue);
  process.on('exit', onExit);
  // A bug must not leave a raw terminal behind: it ends the UI as any error does, and is told below the prompt.
  process.on('uncaughtException', onEnd);
  process.on('unhandledRejection', onEnd);
  return () => {
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
    process.off('SIGTSTP', stay);
    process.off('SIGWINCH', onResize);
    process.off('SIGCONT', onContinue);
    process.off('exit', onExit);
    process.off('uncaughtException', onEnd);
    process.off('unhandledRejection', onEnd);
  };
}

function endedBy(signal: NodeJS.Signals): OperationError {
  return new OperationError(`ended by ${signal}; the sessions go on`, {
    hint: 'run `convocate` to come back',
  });
}

export function terminalGone(): OperationError {
  return new OperationError('the terminal was closed; the sessions go on', {
    hint: 'run `convocate` to come back',
  });
}
