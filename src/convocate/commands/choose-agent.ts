import { RefusedError, UsageError } from '../../base/errors.ts';
import type { AgentView } from '../../protocol/shell-socket.ts';

/** The agent an operator means: the named one, or the only one there is. */
export function chooseAgent(agents: readonly AgentView[], wanted: string | undefined): AgentView {
  if (agents.length === 0)
    throw new RefusedError('no agent is registered on this shell host', {
      hint: 'run `convocate-host init-agent --host HOST` for each agent host',
    });
  if (wanted !== undefined) return namedAgent(agents, wanted);
  const [only, ...more] = agents;
  if (only && more.length === 0) return only;
  throw new UsageError(`there are ${agents.length} agents: say which with --agent`, {
    hint: `one of: ${listOf(agents)}`,
  });
}

/** By id or by host name. */
export function namedAgent(agents: readonly AgentView[], wanted: string): AgentView {
  const found = agents.filter((agent) => agent.agent_id === wanted || agent.host === wanted);
  const [only, ...more] = found;
  if (!only)
    throw new RefusedError(`no agent ${JSON.stringify(wanted)} is registered`, {
      hint: agents.length === 0 ? 'none is registered at all' : `there are: ${listOf(agents)}`,
    });
  if (more.length > 0)
    throw new RefusedError(`${JSON.stringify(wanted)} names ${found.length} agents`, {
      hint: `name it by its id: ${listOf(found)}`,
    });
  return only;
}

function listOf(agents: readonly AgentView[]): string {
  return agents.map((agent) => `${agent.host} (${agent.agent_id})`).join(', ');
}
