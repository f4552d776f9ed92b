import type { Ping } from '../protocol/rpc.ts';
import type { Session } from '../protocol/session.ts';
import type { AgentSnapshot, StatusEvent } from '../protocol/status-events.ts';
import type { HostCapacity, SessionUsage, SliceUsage } from '../protocol/usage.ts';
import type * as z from 'zod/mini';

/** What is known about one agent: the merge of its snapshots, its events and our connection to it. */
export interface AgentState {
  readonly agentId: string;
  readonly host: string;
  readonly up: boolean;
  /** When `up` last changed; RFC 3339. */
  readonly since: string;
  readonly problem?: string | undefined;
  readonly version: string;
  readonly imageTag: string;
  /** Absent where no ping has told. */
  readonly docker?: DockerLink | undefined;
  readonly load: readonly number[];
  /** As its last heartbeat said; so is `usage`, by session. */
  readonly slice?: SliceUsage | undefined;
  readonly capacity?: HostCapacity | undefined;
  readonly usage: ReadonlyMap<string, SessionUsage>;
  readonly sessions: ReadonlyMap<string, Session>;
  /** The agent's connection to our 223. */
  readonly statusLink: StatusLink;
  /** The newest connection on which events come, and the last number seen on it. */
  readonly stream?: string | undefined;
  readonly seq: number;
  /** Rises with every event applied; tells which sessions changed while a list was on its way. */
  readonly revision: number;
  readonly touched: ReadonlyMap<string, number>;
}

/** Whether Docker answers the agent; `since` is when that last changed, RFC 3339. */
export interface DockerLink {
  readonly answers: boolean;
  readonly since: string;
}

export interface StatusLink {
  readonly up: boolean;
  /** When `up` last changed, or another program of the agent said that it had started; RFC 3339. */
  readonly since: string;
  /** Of the program that said so last; empty where none has yet. */
  readonly version: string;
}

/** Everything that can happen to an agent's state. Times are RFC 3339. */
export type Fact =
  | { readonly kind: 'connected'; readonly ping: z.infer<typeof Ping>; readonly at: string }
  | { readonly kind: 'disconnected'; readonly problem: string; readonly at: string }
  /** The answer to `list`, with the state's revision at the time it was asked for. */
  | { readonly kind: 'listed'; readonly sessions: readonly Session[]; readonly askedAt: number }
  | { readonly kind: 'stream'; readonly stream: string; readonly at: string }
  | { readonly kind: 'streamEnded'; readonly stream: string; readonly at: string }
  | {
      readonly kind: 'event';
      readonly stream: string;
      readonly event: StatusEvent;
      readonly at: string;
    };

export interface Merged {
  readonly state: AgentState;
  /** Something was missed: ask the agent for a list. */
  readonly needsList: boolean;
}

export function newAgentState(agentId: string, host: string, at: string): AgentState {
  return {
    agentId,
    host,
    up: false,
    since: at,
    problem: 'not connected yet',
    version: '',
    imageTag: '',
    load: [],
    usage: new Map(),
    statusLink: { up: false, since: at, version: '' },
    sessions: new Map(),
    seq: 0,
    revision: 0,
    touched: new Map(),
  };
}

/** The state after `fact`. Pure; an event that is not the agent's own, or not of its newest stream, changes nothing. */
export function merge(state: AgentState, fact: Fact): Merged {
  switch (fact.kind) {
    case 'connected': {
      const { version, image_tag: imageTag } = fact.ping;
      const since = state.up ? state.since : fact.at;
      const docker = dockerLink(state, fact.ping.docker, fact.at);
      return whole({ ...state, up: true, since, problem: undefined, version, imageTag, docker });
    }
    case 'disconnected':
      return whole({
        ...state,
        up: false,
        since: state.up ? fact.at : state.since,
        problem: fact.problem,
      });
    case 'listed':
      return whole(mergeList(state, fact.sessions, fact.askedAt));
    case 'stream':
      return whole({ ...state, stream: fact.stream, seq: 0, statusLink: linked(state, true, fact.at) });
    case 'streamEnded':
      if (fact.stream !== state.stream) return whole(state);
      return whole({ ...withoutHeartbeat(state), statusLink: linked(state, false, fact.at) });
    case 'event':
      if (fact.event.agent_id !== state.agentId || fact.stream !== state.stream) return whole(state);
      return mergeEvent(state, fact.event, fact.at);
  }
}

function linked({ statusLink }: AgentState, up: boolean, at: string): StatusLink {
  return up === statusLink.up ? statusLink : { ...statusLink, up, since: at };
}

function dockerLink(
  { docker }: AgentState,
  answers: boolean | undefined,
  at: string,
): DockerLink | undefined {
  if (answers === undefined) return undefined;
  return docker?.answers === answers ? docker : { answers, since: at };
}

/** Where no heartbeat comes, what the last one said is no longer so. */
function withoutHeartbeat(state: AgentState): AgentState {
  return { ...state, load: [], slice: undefined, capacity: undefined, usage: new Map() };
}

function mergeEvent(state: AgentState, event: StatusEvent, at: string): Merged {
  const gap = event.seq !== state.seq + 1;
  const next = { ...state, seq: event.seq };
  switch (event.type) {
    case 'agent.started': {
      const { version, image_tag: imageTag } = event.data;
      const statusLink = { up: true, since: at, version };
      return { state: { ...next, version, imageTag, statusLink }, needsList: gap };
    }
    case 'agent.snapshot':
      return whole(replaceAll(mergeVersion(next, event.data), event.data.sessions));
    case 'agent.heartbeat':
      return { state: mergeHeartbeat(next, event.data), needsList: gap };
    case 'agent.shutdown':
      return { state: next, needsList: gap };
    case 'container.deleted':
      return { state: touch(next, event.session_id, undefined), needsList: gap };
    default:
      if (!isOwn(state, event.data) || event.data.uuid !== event.session_id)
        return { state: next, needsList: true };
      return { state: touch(next, event.session_id, event.data), needsList: gap };
  }
}

/** Of the program at the other end of the link, which says that it has started once only, perhaps to the service before us. */
function mergeVersion(state: AgentState, { version }: AgentSnapshot): AgentState {
  return version === undefined ? state : { ...state, statusLink: { ...state.statusLink, version } };
}

type Heartbeat = Extract<StatusEvent, { type: 'agent.heartbeat' }>['data'];

/** An agent that does not say what a host or a session uses leaves that unknown; an older word on it is none. */
function mergeHeartbeat(state: AgentState, { load, slice, host, sessions = [] }: Heartbeat): AgentState {
  const usage = new Map(sessions.map((used) => [used.id, used]));
  return { ...state, load, slice, capacity: host, usage };
}

function touch(state: AgentState, sessionId: string, session: Session | undefined): AgentState {
  const sessions = new Map(state.sessions);
  if (session) sessions.set(sessionId, session);
  else sessions.delete(sessionId);
  const revision = state.revision + 1;
  // What it used before it ended says nothing about the next time it runs.
  const usage = session?.running ? state.usage : without(state.usage, sessionId);
  return { ...state, sessions, usage, revision, touched: new Map(state.touched).set(sessionId, revision) };
}

/** A snapshot stands in the stream of events, so it is newer than all that came before it. */
function replaceAll(state: AgentState, list: readonly Session[]): AgentState {
  const sessions = byId(state, list);
  const revision = state.revision + 1;
  const ids = new Set([...state.sessions.keys(), ...sessions.keys()]);
  return { ...state, sessions, revision, touched: new Map([...ids].map((id) => [id, revision])) };
}

/**
 * A list travels on another connection than the events and may be overtaken by them: sessions that an event has
 * touched since it was asked for stay as the event left them.
 */
function mergeList(state: AgentState, list: readonly Session[], askedAt: number): AgentState {
  const sessions = byId(state, list);
  const touched = new Map([...state.touched].filter(([, revision]) => revision > askedAt));
  for (const id of touched.keys()) {
    const session = state.sessions.get(id);
    if (session) sessions.set(id, session);
    else sessions.delete(id);
  }
  return { ...state, sessions, touched };
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

/** An agent speaks for itself only: a session that claims another agent is left out. */
function byId(state: AgentState, list: readonly Session[]): Map<string, Session> {
  return new Map(list.filter((session) => isOwn(state, session)).map((session) => [session.uuid, session]));
}

function isOwn(state: AgentState, session: Session): boolean {
  return session.agent_id === state.agentId;
}

function whole(state: AgentState): Merged {
  return { state, needsList: false };
}
