import { RefusedError } from '../../base/errors.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import type { RpcOp, RpcParams } from '../../protocol/rpc.ts';
import { errorWords } from './error-words.ts';
import type { Call, TuiEvent } from './events.ts';

/** Asks an agent for one operation and tells how it ended. Never rejects. */
export async function carryOut(
  shell: ShellClient,
  call: Call,
  tell: (event: TuiEvent) => void,
): Promise<void> {
  const { agentId, op, params } = call;
  try {
    // What `step` asks for has the shape that its operation takes; the service checks it once more.
    const result: unknown = await shell.call(agentId, op, params as RpcParams<RpcOp>);
    tell({ kind: 'answer', call, outcome: 'done', result, atMs: Date.now() });
  } catch (error) {
    const outcome = error instanceof RefusedError ? 'refused' : 'failed';
    tell({ kind: 'answer', call, outcome, problem: errorWords(error), atMs: Date.now() });
  }
}
