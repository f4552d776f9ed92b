import * as z from 'zod/mini';
import { OperationError, type OperatorError, RefusedError } from '../base/errors.ts';
import { ERROR_CODES, type ErrorCode, RpcError, isErrorCode } from '../protocol/error-codes.ts';
import { AgentUnreachableError } from './agent-errors.ts';

/**
 * The answer line of `/run/convocate/shell.sock`: the envelope of the agents' RPC, and in a refusal two fields more:
 * the host it is about, and whether the change may have been made all the same.
 */
export const ShellAnswer = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.string(),
    code: z.string(),
    host: z.optional(z.string()),
    uncertain: z.optional(z.boolean()),
  }),
]);
export type ShellAnswer = z.infer<typeof ShellAnswer>;
export type ShellRefusal = Extract<ShellAnswer, { ok: false }>;

/** What the service tells its client; undefined for what is no refusal but a bug of ours. */
export function refusalOf(error: unknown, host?: string): ShellRefusal | undefined {
  if (error instanceof RpcError)
    return { ok: false, error: error.message, code: error.code, ...(host !== undefined && { host }) };
  if (error instanceof AgentUnreachableError) {
    const code: ErrorCode = error.sent ? 'internal' : 'refused';
    return {
      ok: false,
      error: error.message,
      code,
      ...(error.details.host !== undefined && { host: error.details.host }),
      uncertain: error.sent,
    };
  }
  return undefined;
}

const HINT: Record<(typeof ERROR_CODES)[ErrorCode]['retry'], string> = {
  never: 'the same request will be refused again',
  later: 'try again in a moment',
  'after-change': 'change what it names, then try again',
};

/** A refusal as the operator is told of it: exit 3 where nothing was changed, else 1. */
export function operatorErrorOf(refusal: ShellRefusal): OperatorError {
  const code = isErrorCode(refusal.code) ? refusal.code : 'internal';
  const details = {
    ...(refusal.host !== undefined && { host: refusal.host }),
    hint: refusal.uncertain
      ? 'nobody knows whether it was done: look with `convocate ls` before you repeat it'
      : hintOf(code),
    cause: new RpcError(code, refusal.error),
  };
  const nothingChanged = !refusal.uncertain && code !== 'docker' && code !== 'internal';
  return nothingChanged
    ? new RefusedError(refusal.error, details)
    : new OperationError(refusal.error, details);
}

function hintOf(code: ErrorCode): string {
  if (code === 'internal') return 'see the journal of convocate-agent on that host';
  if (code === 'docker') return 'see `systemctl status docker` on that host, then try again';
  return HINT[ERROR_CODES[code].retry];
}
