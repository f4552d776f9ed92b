import type { AgentView } from '../../protocol/shell-socket.ts';
import { halfDeadWords } from '../agent-trouble.ts';
import type { Cluster, TuiState } from './state.ts';

const known = new WeakMap<Cluster['sessions'], ReadonlySet<string>>();

/**
 * The agents that are down or half dead, or whose rows are older than they should be. What is worst comes first: there is
 * room for few of them. Else in the order of the cluster.
 */
export function agentsInTrouble({
  cluster,
  nowMs,
}: Pick<TuiState, 'cluster' | 'nowMs'>): readonly AgentView[] {
  const stale = agentsWithStaleRows(cluster.sessions);
  const isStale = ({ agent_id, docker }: AgentView): boolean =>
    stale.has(agent_id) || docker?.answers === false;
  const down = cluster.agents.filter(({ up }) => !up);
  const up = cluster.agents.filter((agent) => agent.up);
  const mute = up.filter((agent) => !isStale(agent) && halfDeadWords(agent, nowMs) !== undefined);
  return [...down, ...up.filter(isStale), ...mute];
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
