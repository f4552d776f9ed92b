import type { AgentView, SessionView } from '../protocol/shell-socket.ts';
import type { AgentState } from './cluster-state.ts';

export function agentViewOf(state: AgentState): AgentView {
  return {
    agent_id: state.agentId,
    host: state.host,
    up: state.up,
    since: state.since,
    ...(state.problem !== undefined && { problem: state.problem }),
    version: state.version,
    image_tag: state.imageTag,
    load: [...state.load],
    status_link: state.statusLink,
  };
}

/** The agent's sessions by name; kept and marked stale while it cannot be asked. */
export function sessionViewsOf(state: AgentState): SessionView[] {
  return [...state.sessions.values()]
    .map((session) => ({
      ...session,
      host: state.host,
      stale: !state.up,
      older_image: session.image !== '' && state.imageTag !== '' && session.image !== state.imageTag,
    }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.uuid, b.uuid));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
