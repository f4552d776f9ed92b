import { isDeepStrictEqual } from 'node:util';
import type { AgentView, ClusterChange, ClusterSnapshot, SessionView } from '../protocol/shell-socket.ts';
import { sessionKey, splitSessionKey } from './session-key.ts';

/**
 * The cluster as a watcher knows it. Never altered: a change gives a new one, in which every row that is as before is
 * the very same object, and so is each map in which nothing changed.
 */
export interface ClusterPicture {
  readonly name: string;
  readonly version: string;
  readonly load: readonly number[];
  /** By agent id. */
  readonly agents: ReadonlyMap<string, AgentView>;
  /** By {@link sessionKey}. */
  readonly sessions: ReadonlyMap<string, SessionView>;
  /** Sessions that only an earlier picture knew of, shown as stale until their agent is heard of. */
  readonly kept: ReadonlySet<string>;
}

/**
 * The picture that a snapshot gives. A service that has only just started knows nothing of the agents that it has not
 * reached yet: what `before` says of their sessions is kept, for they have not gone.
 */
export function pictureOf(snapshot: ClusterSnapshot, before?: ClusterPicture): ClusterPicture {
  const { name, version, load } = snapshot;
  const agents = new Map(snapshot.agents.map((view) => [view.agent_id, view]));
  const sessions = new Map(snapshot.sessions.map((view) => [keyOf(view), view]));
  const kept = new Set<string>();
  for (const [key, view] of before?.sessions ?? []) {
    if (sessions.has(key) || !isUnheardOf(agents.get(view.agent_id))) continue;
    sessions.set(key, view.stale ? view : { ...view, stale: true });
    kept.add(key);
  }
  return {
    name,
    version,
    load,
    agents: reusing(before?.agents, agents),
    sessions: reusing(before?.sessions, sessions),
    kept,
  };
}

/** The picture after one change. */
export function withChange(before: ClusterPicture, change: ClusterChange): ClusterPicture {
  const told = (change.sessions ?? []).map((view) => [keyOf(view), view] as const);
  const agents = edited(
    before.agents,
    (change.agents ?? []).map((view) => [view.agent_id, view] as const),
    change.gone_agents ?? [],
  );
  const fresh = new Set(told.map(([key]) => key));
  const kept = [...before.kept].filter((key) => !fresh.has(key));
  // Whatever was kept and not told by the time its agent is heard of, is no more.
  const outlived = kept.filter((key) => !isUnheardOf(agents.get(splitSessionKey(key).agent_id)));
  const gone = [...outlived, ...(change.gone_sessions ?? []).map(keyOf)];
  return {
    ...before,
    load: change.load ?? before.load,
    agents,
    sessions: edited(before.sessions, told, gone),
    kept: new Set(kept.filter((key) => !gone.includes(key))),
  };
}

function keyOf({ agent_id, uuid }: { readonly agent_id: string; readonly uuid: string }): string {
  return sessionKey(agent_id, uuid);
}

/** Registered, and not reached since the service started: it tells the version with the sessions, or after them. */
function isUnheardOf(agent: AgentView | undefined): boolean {
  return agent !== undefined && agent.version === '';
}

function edited<View>(
  before: ReadonlyMap<string, View>,
  views: readonly (readonly [string, View])[],
  gone: readonly string[],
): ReadonlyMap<string, View> {
  const news = views.filter(([key, view]) => !isDeepStrictEqual(before.get(key), view));
  const goneHere = gone.filter((key) => before.has(key));
  if (news.length === 0 && goneHere.length === 0) return before;
  const after = new Map(before);
  for (const key of goneHere) after.delete(key);
  for (const [key, view] of news) after.set(key, view);
  return after;
}

/** `after`, with the objects of `before` wherever they say the same. */
function reusing<View>(
  before: ReadonlyMap<string, View> | undefined,
  after: Map<string, View>,
): ReadonlyMap<string, View> {
  for (const [key, view] of after) {
    const known = before?.get(key);
    if (known !== undefined && isDeepStrictEqual(known, view)) after.set(key, known);
  }
  return after;
}
