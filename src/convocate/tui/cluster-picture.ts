import type { ClusterChange, ClusterSnapshot } from '../../protocol/shell-socket.ts';
import { type Cluster, keyOf } from './state.ts';

/** The picture that a snapshot gives. */
export function pictureOf({ sessions, agents, ...rest }: ClusterSnapshot, nowMs: number): Cluster {
  return {
    ...rest,
    connection: 'live',
    sinceMs: nowMs,
    agents: agents.toSorted(byHost),
    sessions: new Map(sessions.map((session) => [keyOf(session), session])),
  };
}

/** The picture after a change. What is not in it stays the same object. */
export function changed(cluster: Cluster, change: ClusterChange): Cluster {
  const { load, agents, sessions, gone_agents: goneAgents = [], gone_sessions: goneSessions = [] } = change;
  return {
    ...cluster,
    ...(load && { load }),
    ...((agents || goneAgents.length > 0) && {
      agents: agentsAfter(cluster.agents, agents ?? [], goneAgents),
    }),
    ...((sessions || goneSessions.length > 0) && {
      sessions: sessionsAfter(cluster.sessions, sessions ?? [], goneSessions.map(keyOf)),
    }),
  };
}

function agentsAfter(
  before: Cluster['agents'],
  views: Cluster['agents'],
  gone: readonly string[],
): Cluster['agents'] {
  const after = new Map(before.map((agent) => [agent.agent_id, agent]));
  for (const view of views) after.set(view.agent_id, view);
  for (const agentId of gone) after.delete(agentId);
  return [...after.values()].toSorted(byHost);
}

function sessionsAfter(
  before: Cluster['sessions'],
  views: NonNullable<ClusterChange['sessions']>,
  gone: readonly string[],
): Cluster['sessions'] {
  const after = new Map(before);
  for (const view of views) after.set(keyOf(view), view);
  for (const key of gone) after.delete(key);
  return after;
}

function byHost(a: { readonly host: string }, b: { readonly host: string }): number {
  if (a.host === b.host) return 0;
  return a.host < b.host ? -1 : 1;
}
