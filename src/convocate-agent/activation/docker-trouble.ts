import { DeadlineError } from '../../base/deadline.ts';
import { OperationError, codeOf, messageOf } from '../../base/errors.ts';
import { statusOf } from '../docker/docker-error.ts';

/** How engines, and containerd behind them, put it that the machine is in trouble, and not the image. */
const MACHINE =
  /no space left|quota exceeded|read-only file system|input\/output error|cannot allocate memory|too many open files|context canceled|context deadline exceeded|shutting down|connection refused|connection reset|broken pipe|code = unavailable/i;

/** Whether Docker's words are about what it was given or has; else no other layers would help. */
export function isAboutLayers(words: string): boolean {
  return !MACHINE.test(words);
}

/** Whether Docker refused a call, rather than that it could not be asked. */
export function isAnswer(error: unknown): boolean {
  return statusOf(error) !== undefined;
}

/** What Docker's trouble is told as; other errors are what they were. */
export function troubleOf(error: unknown): unknown {
  const isDockers =
    error instanceof DeadlineError || isAnswer(error) || /^E[A-Z]+$/.test(codeOf(error) ?? '');
  return isDockers ? dockerTrouble(messageOf(error), error) : error;
}

export function dockerTrouble(words: string, cause?: unknown): OperationError {
  return new OperationError(`Docker on this host has trouble of its own: ${words.trim()}`, {
    hint:
      'see `systemctl status docker`, and the room where it keeps its data (`docker info`: Docker Root Dir); ' +
      'then run the same command again: what came is kept',
    cause,
  });
}

/** One call to Docker. */
export async function askDocker<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw troubleOf(error);
  }
}
