import type { Logger } from 'pino';
import { codeOf, messageOf } from '../../base/errors.ts';
import { LineTooLongError } from '../../base/line-reader.ts';
import { DeadlineError } from '../../base/deadline.ts';
import { type ErrorCode, RpcError } from '../../protocol/error-codes.ts';
import { RPC, RpcRequest, describeIssue, isRpcOp } from '../../protocol/rpc.ts';
import { sessionOf } from '../../protocol/session-of.ts';
import { ChannelClosedError } from '../../ssh/json-channel.ts';
import type { CallLimits } from './call-limits.ts';
import type { Operations } from './operations.ts';

export type Answer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string; readonly code: ErrorCode };

/** Who calls, for the log. */
export interface Caller {
  readonly peer: string;
  readonly from: string;
}

export interface AnswerDeps {
  readonly operations: Operations;
  readonly limits: CallLimits;
  readonly log: Logger;
}

/** Answers one request line. Never throws; a line that is damaged in any way changes nothing. */
export async function answerLine(deps: AnswerDeps, line: string, caller: Caller): Promise<Answer> {
  try {
    const { op, params } = parseRequest(line);
    return await call(deps, op, params, caller);
  } catch (error) {
    return failure(error, deps.log);
  }
}

/** The answer for an error. A bug of ours keeps its trace for the journal. */
export function failure(error: unknown, log: Logger): Answer & { ok: false } {
  if (error instanceof RpcError) return { ok: false, error: error.message, code: error.code };
  if (
    error instanceof LineTooLongError ||
    error instanceof ChannelClosedError ||
    error instanceof DeadlineError
  ) {
    return { ok: false, error: `bad request: ${error.message}`, code: 'bad_request' };
  }
  if (isHostTrouble(error)) {
    log.warn({ err: error }, 'the host failed a call');
    return { ok: false, error: `the agent host failed: ${messageOf(error)}`, code: 'refused' };
  }
  log.error({ err: error }, 'internal error');
  return { ok: false, error: 'internal error of the agent; its journal has the trace', code: 'internal' };
}

/** Disk full, read-only, over quota, no right: nothing that a change of our program could mend. */
function isHostTrouble(error: unknown): boolean {
  const codes = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE'];
  return codes.includes(codeOf(error) ?? '');
}

function parseRequest(line: string): RpcRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RpcError('bad_request', 'the request is not JSON');
  }
  const parsed = RpcRequest.safeParse(value);
  if (!parsed.success) throw new RpcError('bad_request', describeIssue(parsed.error, 'request'));
  return parsed.data;
}

interface RpcRequest {
  readonly op: string;
  readonly params?: unknown;
}

async function call(deps: AnswerDeps, op: string, rawParams: unknown, caller: Caller): Promise<Answer> {
  if (!isRpcOp(op)) {
    throw new RpcError('unknown_op', `this agent has no operation ${JSON.stringify(op.slice(0, 64))}`);
  }
  const { params: schema, changes } = RPC[op];
  const params = schema.safeParse(rawParams);
  if (!params.success) throw new RpcError('bad_request', describeIssue(params.error, 'params'));
  // The schema of this very operation has just accepted them; TypeScript cannot follow a pair through a union.
  const run = deps.operations[op] as (params: unknown) => Promise<unknown>;
  const startedAt = performance.now();
  const log = (outcome: string, result?: unknown): void => {
    if (!changes) return;
    const session = sessionOf(params.data, result);
    deps.log.info(
      { ...caller, op, session, outcome, ms: Math.round(performance.now() - startedAt) },
      'change',
    );
  };
  try {
    const result = (await deps.limits.run(changes ? 'change' : 'read', () => run(params.data))) ?? null;
    log('done', result);
    return { ok: true, result };
  } catch (error) {
    log(error instanceof RpcError ? `${error.code}: ${error.message}` : `failed: ${messageOf(error)}`);
    throw error;
  }
}
