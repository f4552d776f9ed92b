import { RpcError } from '../../protocol/error-codes.ts';
import type { Agent } from './agent.ts';
import { lookAndTell } from './watch-containers.ts';

/**
 * Docker, or a program inside, has failed because the session does not run: says that in our words, and why it ended
 * where that is known. Undefined where it runs, so that the failure has another cause.
 */
export async function explainEnd(agent: Agent, id: string): Promise<RpcError | undefined> {
  const { facts } = await lookAndTell(agent, id);
  if (facts?.running) return undefined;
  if (facts?.exitCode === undefined) return new RpcError('conflict', `session ${id} is not running`);
  if (agent.containers.recordOf(id, undefined)?.asked_to_stop)
    return new RpcError('conflict', 'the session was stopped');
  const cause = facts.oomKilled ? ', out of memory' : '';
  return new RpcError('conflict', `the session ended with exit code ${facts.exitCode}${cause}`);
}
