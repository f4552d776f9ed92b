import type { AgentClient } from '../../cluster/agent-client.ts';
import { AgentUnreachableError } from '../../cluster/agent-errors.ts';
import type { LiveView } from '../../cluster/live-view.ts';
import { refusalOf } from '../../cluster/shell-answer.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { RPC, type RpcOp, type RpcParams, describeIssue, isRpcOp } from '../../protocol/rpc.ts';
import { sessionOf } from '../../protocol/session-of.ts';
import type { Operator, ShellRequest } from '../../protocol/shell-socket.ts';
import type { Logger } from './service-log.ts';

type CallRequest = Extract<ShellRequest, { op: 'call' }>;

/** After a change the list is asked for again, so that who changed something sees it; but waited for no longer than this. */
const SEE_OWN_CHANGE_MS = 2_000;

/** The connection to an agent, or the error that says why there is none. */
export function reachableAgent(live: LiveView, agentId: string): { client: AgentClient; host: string } {
  const agent = live.agent(agentId);
  if (!agent) throw new RpcError('not_found', `no agent ${agentId} is registered`);
  const client = live.client(agentId);
  if (client) return { client, host: agent.host };
  const why = `${agent.host} (${agentId}) does not answer since ${agent.since}: ${agent.problem ?? 'unknown'}`;
  throw new AgentUnreachableError(agent.host, why, { sent: false });
}

/**
 * Passes one operation on to its agent and logs it where it changes something: who, what, where, outcome. What is shown is
 * true when this settles, also of a change that failed: it may have got half-way, which its agent does not tell by itself.
 * `signal` is aborted when who asked for it has gone.
 */
export async function passCall(
  live: LiveView,
  log: Logger,
  request: CallRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const { agent_id: agentId, rpc, operator } = request;
  if (!isRpcOp(rpc.op))
    throw new RpcError('unknown_op', `no operation ${JSON.stringify(rpc.op.slice(0, 64))}`);
  const params = checkedParams(rpc.op, rpc.params);
  let sent = false;
  const work = async (op: RpcOp): Promise<unknown> => {
    const { client } = reachableAgent(live, agentId);
    sent = true;
    return await client.call(op, params, { signal });
  };
  if (!RPC[rpc.op].changes) return await work(rpc.op);
  try {
    return await logged(log, { op: rpc.op, agentId, live, operator, params }, () => work(rpc.op as RpcOp));
  } finally {
    if (sent) await live.refresh(agentId, SEE_OWN_CHANGE_MS); // never rejects: what went wrong stays what is told
  }
}

export interface Deed {
  readonly op: string;
  readonly agentId: string;
  readonly live: LiveView;
  readonly operator: Operator;
  /** Never logged as it is: see {@link sessionOf}. */
  readonly params: unknown;
}

/** Runs `work` and writes one line about it, however it ends. */
export async function logged<T>(log: Logger, deed: Deed, work: () => Promise<T>): Promise<T> {
  const { op, agentId, live, operator, params } = deed;
  const startedAt = performance.now();
  const facts = { op, agent: agentId, host: live.agent(agentId)?.host, who: operator };
  const took = (): number => Math.round(performance.now() - startedAt);
  try {
    const result = await work();
    log.info({ ...facts, session: sessionOf(params, result), outcome: 'done', tookMs: took() }, 'change');
    return result;
  } catch (error) {
    const refusal = refusalOf(error);
    const outcome = refusal && !refusal.uncertain ? 'refused' : 'unknown';
    const problem = refusal?.error ?? String(error);
    log.warn(
      { ...facts, session: sessionOf(params), outcome, code: refusal?.code, problem, tookMs: took() },
      'change',
    );
    throw error;
  }
}

function checkedParams<Op extends RpcOp>(op: Op, given: unknown): RpcParams<Op> {
  const params = RPC[op].params.safeParse(given);
  if (!params.success) throw new RpcError('bad_request', describeIssue(params.error, 'params'));
  return params.data as RpcParams<Op>;
}
