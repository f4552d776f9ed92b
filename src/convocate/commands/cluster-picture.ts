import type { AgentView, ClusterChange, ClusterSnapshot, SessionView } from '../../protocol/shell-socket.ts';

/** Every agent and session as a watcher knows them; a view that did not change is the same object as before. */
export interface ClusterPicture {
  /** By agent id. */
  readonly agents: ReadonlyMap<string, AgentView>;
  /** By {@link keyOf}. */
  readonly sessions: ReadonlyMap<string, SessionView>;
}

/** Names a session in the whole cluster. */
export function keyOf({ agent_id, uuid }: { readonly agent_id: string; readonly uuid: string }): string {
  return `${agent_id}/${uuid}`;
}

/**
 * The picture of a snapshot. A service that has just started knows no session before it has reached their agents: those
 * of the picture `before` stay, marked stale, until they are told of again.
 */
export function pictureOf({ agents, sessions }: ClusterSnapshot, before?: ClusterPicture): ClusterPicture {
  const byId = new Map(agents.map((agent) => [agent.agent_id, agent]));
  const kept = [...(before?.sessions ?? [])]
    .filter(([, session]) => byId.has(session.agent_id))
    .map(([key, session]) => [key, { ...session, stale: true }] as const);
  const told = sessions.map((session) => [keyOf(session), session] as const);
  return { agents: byId, sessions: new Map([...kept, ...told]) };
}

export function changed(picture: ClusterPicture, change: ClusterChange): ClusterPicture {
  const agents = new Map(picture.agents);
  const sessions = new Map(picture.sessions);
  for (const agent of change.agents ?? []) agents.set(agent.agent_id, agent);
  for (const session of change.sessions ?? []) sessions.set(keyOf(session), session);
  for (const gone of change.gone_sessions ?? []) sessions.delete(keyOf(gone));
  for (const id of change.gone_agents ?? []) {
    agents.delete(id);
    for (const [key, session] of sessions) if (session.agent_id === id) sessions.delete(key);
  }
  return { agents, sessions };
}
