import { RpcError } from '../../../protocol/error-codes.ts';
import type { Agent } from '../agent.ts';
import { announce, findEntry } from '../describe-session.ts';

/** Clears the lock that a change left behind; one that is under way right now is `busy` and goes on. */
export async function overrideSession(agent: Agent, id: string): Promise<null> {
  await findEntry(agent, id);
  const op = agent.locks.liveOp(id);
  if (op) throw new RpcError('busy', `session ${id}: ${op} is under way; its lock is not stale`);
  await agent.locks.hold(id, 'override', () => agent.locks.clear(id));
  await announce(agent, 'container.edited', id);
  return null;
}
