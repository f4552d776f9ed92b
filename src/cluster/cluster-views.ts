import { compareText } from '../base/compare-text.ts';
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
    ...(state.docker && { docker: state.docker }),
    load: [...state.load],
    ...(state.slice && { slice: state.slice }),
    ...(state.capacity && { capacity: state.capacity }),
    status_link: state.statusLink,
  };
}

/** The agent's sessions by name; kept and marked stale while it, or Docker there, cannot be asked. */
export function sessionViewsOf(state: AgentState): SessionView[] {
  return [...state.sessions.keys()]
    .flatMap((uuid) => sessionViewOf(state, uuid) ?? [])
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.uuid, b.uuid));
}

/** Undefined where the agent has no such session. */
export function sessionViewOf(state: AgentState, uuid: string): SessionView | undefined {
  const session = state.sessions.get(uuid);
  if (!session) return undefined;
  const used = session.running ? state.usage.get(uuid) : undefined;
  return {
    ...session,
    host: state.host,
    stale: !canTell(state),
    older_image: session.image !== '' && state.imageTag !== '' && session.image !== state.imageTag,
    ...(used && { memory_bytes: used.memory_bytes, cpu_percent: used.cpu_percent }),
  };
}

/** The sessions whose views may differ between two states of one agent; it is cheap, and may name one too many. */
export function touchedSessions(before: AgentState, after: AgentState): string[] {
  const ids = new Set([...before.sessions.keys(), ...after.sessions.keys()]);
  const isSame =
    after.host === before.host && canTell(after) === canTell(before) && after.imageTag === before.imageTag;
  if (!isSame) return [...ids];
  if (before.sessions === after.sessions && before.usage === after.usage) return [];
  return [...ids].filter(
    (id) =>
      before.sessions.get(id) !== after.sessions.get(id) || before.usage.get(id) !== after.usage.get(id),
  );
}

/** An agent that Docker does not answer serves what it knew last. */
function canTell({ up, docker }: AgentState): boolean {
  return up && docker?.answers !== false;
}
