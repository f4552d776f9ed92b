import type { AgentView } from '../../protocol/shell-socket.ts';
import { halfDeadWords } from '../agent-trouble.ts';
import type { Cluster, TuiState } from './state.ts';

const known = new WeakMap<Cluster['sessions'], ReadonlySet<string>>();

/** The agents that are down or half dead, or whose rows are older than they should be; in the order of the cluster. */
export function agentsInTrouble({
  cluster,
  nowMs,
}: Pick<TuiState, 'cluster' | 'nowMs'>): readonly AgentView[] {
  const stale = agentsWithStaleRows(cluster.sessions);
  return cluster.agents.filter(
    (agent) => !agent.up || stale.has(agent.agent_id) || halfDeadWords(agent, nowMs) !== undefined,
  );
}

/** Looked for once in each picture: there are many rows. */
function agentsWithStaleRows(sessions: Cluster['sessions']): ReadonlySet<string> {
  const before = known.get(sessions);
  if (before) return before;
  const stale = new Set<string>();
  for (const session of sessions.values()) if (session.stale) stale.add(session.agent_id);
  known.set(sessions, stale);
  return stale;
}
