import type { AgentView } from '../../protocol/shell-socket.ts';
import type { Cluster } from './state.ts';

const known = new WeakMap<Cluster, readonly AgentView[]>();

/** The agents that are down, or whose rows are older than they should be; in the order of the cluster. */
export function agentsInTrouble(cluster: Cluster): readonly AgentView[] {
  const before = known.get(cluster);
  if (before) return before;
  const stale = new Set<string>();
  for (const session of cluster.sessions.values()) if (session.stale) stale.add(session.agent_id);
  const found = cluster.agents.filter((agent) => !agent.up || stale.has(agent.agent_id));
  known.set(cluster, found);
  return found;
}
