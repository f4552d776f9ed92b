import { DeadlineError, withDeadline } from '../../base/deadline.ts';
import { codeOf, messageOf } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';

const UNREACHABLE = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES', 'ECONNRESET', 'EPIPE']);

/** HTTP status of an answer that Docker refused with. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Says what was tried and what Docker answered, in Docker's words. */
export function toDockerError(what: string, error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof DeadlineError)
    return new RpcError('docker', `Docker gave no answer: ${error.message}`);
  const code = codeOf(error);
  if (code !== undefined && UNREACHABLE.has(code)) {
    return new RpcError(
      'docker',
      `Docker on the agent host cannot be reached (${messageOf(error)}): ${what}`,
    );
  }
  return new RpcError('docker', `Docker failed to ${what}: ${wordsOf(error)}`);
}

/**
 * Runs one call to Docker with an end: after `timeoutMs` the request is aborted, and given up even where the abort has
 * no effect.
 */
export async function callDocker<T>(
  what: string,
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  try {
    return await withDeadline(call(abort.signal), timeoutMs, what);
  } catch (error) {
    abort.abort();
    throw toDockerError(what, error);
  }
}

function wordsOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'json' in error) {
    const { json } = error;
    if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
      return json.message.trim();
    }
  }
  return messageOf(error).trim();
}
