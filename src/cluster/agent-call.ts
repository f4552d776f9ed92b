import type { ClientChannel } from 'ssh2';
import { withDeadline } from '../base/deadline.ts';
import { messageOf } from '../base/errors.ts';
import { SUBSYSTEM } from '../protocol/limits.ts';
import { RpcError } from '../protocol/error-codes.ts';
import {
  RPC,
  RpcAnswer,
  type RpcOp,
  type RpcParams,
  type RpcResult,
  describeIssue,
} from '../protocol/rpc.ts';
import type { SshConnection } from '../ssh/client.ts';
import { readFirstLine, writeJsonLine } from '../ssh/json-channel.ts';
import { AgentUnreachableError } from './agent-errors.ts';
import { clipWords } from './agent-words.ts';
import { callMs } from './call-times.ts';

/**
 * One operation on a channel of its own. {@link RpcError} where the agent refuses; {@link AgentUnreachableError}
 * where it does not answer in time, answers nonsense, or the connection ends.
 */
export async function callAgent<Op extends RpcOp>(
  connection: SshConnection,
  host: string,
  request: { readonly op: Op; readonly params: RpcParams<Op> },
  timeoutMs: number = callMs(request.op),
): Promise<RpcResult<Op>> {
  const { op, params } = request;
  let channel: ClientChannel | undefined;
  const exchange = async (): Promise<string> => {
    channel = await connection.openSubsystem(SUBSYSTEM.rpc, { timeoutMs });
    channel.on('error', () => {}); // told by the end of the channel
    channel.stderr.resume();
    writeJsonLine(channel, { op, params: params ?? null });
    return (await readFirstLine(channel)).line;
  };
  try {
    const line = await withDeadline(exchange(), timeoutMs, `the answer to ${op}`);
    return readAnswer(op, line);
  } catch (error) {
    if (error instanceof RpcError) throw error;
    const sent = channel !== undefined && RPC[op].changes;
    throw new AgentUnreachableError(host, `the agent did not answer ${op}: ${messageOf(error)}`, {
      sent,
      cause: error,
    });
  } finally {
    channel?.resume().destroy();
  }
}

/** Exported for tests. Throws {@link RpcError} on a refusal, a plain error on an answer that breaks the contract. */
export function readAnswer<Op extends RpcOp>(op: Op, line: string): RpcResult<Op> {
  const answer = RpcAnswer.safeParse(JSON.parse(line));
  if (!answer.success) throw new Error(`damaged answer: ${describeIssue(answer.error, 'answer')}`);
  if (!answer.data.ok) throw new RpcError(answer.data.code, clipWords(answer.data.error));
  const result = RPC[op].result.safeParse(answer.data.result);
  if (!result.success) throw new Error(`damaged answer: ${describeIssue(result.error, 'result')}`);
  return result.data as RpcResult<Op>;
}
