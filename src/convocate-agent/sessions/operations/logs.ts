import { endThatFits } from '../../../base/fit-json.ts';
import { RpcError } from '../../../protocol/error-codes.ts';
import { containerNameOf } from '../../../protocol/host-layout.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { RpcParams, RpcResult } from '../../../protocol/rpc.ts';
import type { Agent } from '../agent.ts';
import { nameOf, orphanProblem } from '../change.ts';
import { findEntry } from '../describe-session.ts';

const DEFAULT_LINES = 200;
/** Of the answer's line; the rest of the answer needs the difference. */
const TEXT_BYTES = LIMITS.lineBytes - 1024;

/** The last lines of the log of the session's container. Throws `conflict` where it has none. */
export async function readSessionLog(agent: Agent, params: RpcParams<'logs'>): Promise<RpcResult<'logs'>> {
  const { id, tail = DEFAULT_LINES } = params;
  const entry = await findEntry(agent, id);
  if (entry.orphan) throw orphanProblem('logs', entry);
  const log = await agent.docker.containerLog(containerNameOf(id), { tail, keepBytes: LIMITS.lineBytes });
  if (!log) {
    const why = entry.stored?.container
      ? 'has no container any more, and its log went with it'
      : 'has never run: there is no log yet; "restart" starts it';
    throw new RpcError('conflict', `logs: session ${nameOf(entry)} ${why}`);
  }
  const text = endThatFits(log.text, TEXT_BYTES);
  return { text, truncated: log.truncated || text.length < log.text.length };
}
