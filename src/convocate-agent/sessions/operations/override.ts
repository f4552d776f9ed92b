import { RpcError } from '../../../protocol/error-codes.ts';
import type { Agent } from '../agent.ts';
import { requireAllowed } from '../change.ts';
import { announce, findEntry } from '../describe-session.ts';

/** Clears the lock that a change left behind; one that is under way right now is `busy` and goes on. */
export async function overrideSession(agent: Agent, id: string): Promise<null> {
  await requireAllowed(agent, await findEntry(agent, id), 'override', await agent.locks.stale(id));
  const op = agent.locks.liveOp(id);
  if (op) throw new RpcError('busy', `session ${id}: ${op} is under way; its lock is not stale`);
  await agent.locks.hold(id, 'override', () => agent.locks.clear(id));
  await announce(agent, 'container.edited', id);
  return null;
}
