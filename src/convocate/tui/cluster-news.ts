import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { endCause } from '../how-it-ended.ts';
import { renewWarnings } from './confirm-keys.ts';
import type { TuiEvent } from './events.ts';
import { type Next, next } from './next.ts';
import { tellAll } from './notices.ts';
import { nameOnHost } from './session-words.ts';
import { type Cluster, type Message, type TuiState, keyOf } from './state.ts';
import { bell, waitingWords, waits } from './waiting-news.ts';

/** How long the picture may take to show what a kill of ours did. */
const SHOWN_WITHIN_MS = 15_000;
/** What says, of a session that stops, that it was stopped from here. */
const STOPS = new Set(['killing', 'deleting']);

/** A new picture of the cluster: what in it is news is told. */
export function onCluster(state: TuiState, event: Extract<TuiEvent, { kind: 'cluster' }>): Next {
  const { cluster, first } = event;
  const before = state.cluster;
  const isAllNew = first && before.connection === 'connecting';
  const waiting = isAllNew ? [] : startedToWait(before, cluster);
  const texts = [
    // A service that has just come back has not reached its agents yet, which says nothing about them.
    ...(first ? [] : agentNews(before, cluster)),
    ...(isAllNew ? [] : endings(state, cluster)),
    ...waiting.map(waitingWords),
    ...connectionNews(before, cluster),
  ];
  const seen = renewWarnings({
    ...state,
    cluster,
    killed: stillToShow(state, cluster),
    list: listOf(state, cluster),
  });
  const messages = texts.map((text): Message => ({ atMs: state.nowMs, kind: 'news', text }));
  return next(tellAll(seen, messages), ...bell(waiting));
}

function startedToWait(before: Cluster, now: Cluster): readonly SessionView[] {
  return changed(before, now)
    .filter(([old, session]) => waits(session) && !(old && waits(old)))
    .map(([, session]) => session);
}

/** Sessions that ended without anyone here having stopped them. */
function endings({ cluster: before, underWay, killed }: TuiState, now: Cluster): readonly string[] {
  return changed(before, now)
    .filter(([old, session]) => old?.running && !session.running)
    .map(([, session]) => session)
    .filter((session) => !STOPS.has(underWay.get(keyOf(session)) ?? '') && !killed.has(keyOf(session)))
    .map((session) => `${nameOnHost(session)} ${endWords(session)}`);
}

function agentNews(before: Cluster, now: Cluster): readonly string[] {
  if (before.agents === now.agents) return [];
  const old = new Map(before.agents.map((agent) => [agent.agent_id, agent]));
  const docker = now.agents
    .filter((agent) => hasDocker(old.get(agent.agent_id)) !== hasDocker(agent))
    .map((agent) => `Docker on ${agent.host} ${hasDocker(agent) ? 'answers again' : 'does not answer'}`);
  const upOrDown = now.agents
    .filter((agent) => (old.get(agent.agent_id)?.up ?? agent.up) !== agent.up)
    .map((agent) => (agent.up ? `${agent.host} is back` : `${agent.host} is down${reasonWords(agent)}`));
  return [...upOrDown, ...docker];
}

/** As far as is known. */
function hasDocker(agent: AgentView | undefined): boolean {
  return agent?.docker?.answers !== false;
}

function connectionNews(before: Cluster, now: Cluster): readonly string[] {
  if (before.connection === now.connection) return [];
  if (now.connection === 'lost')
    return [`the connection to the status service is lost${reasonWords(now)}; sessions go on`];
  return before.connection === 'lost' && now.connection === 'live' ? ['the status service is back'] : [];
}

/** Each session that is new or another than before, with what it was. */
function changed(
  before: Cluster,
  now: Cluster,
): readonly (readonly [SessionView | undefined, SessionView])[] {
  if (before.sessions === now.sessions) return [];
  return [...now.sessions]
    .map(([key, session]) => [before.sessions.get(key), session] as const)
    .filter(([old, session]) => old !== session);
}

function stillToShow({ killed, nowMs }: TuiState, { sessions }: Cluster): TuiState['killed'] {
  if (killed.size === 0) return killed;
  return new Map(
    [...killed].filter(([key, atMs]) => sessions.get(key)?.running && nowMs - atMs < SHOWN_WITHIN_MS),
  );
}

/** A filter for an agent that is no longer there would hide everything. */
function listOf({ list }: TuiState, { agents, connection }: Cluster): TuiState['list'] {
  const isThere = list.agent === undefined || agents.some(({ agent_id }) => agent_id === list.agent);
  return isThere || connection !== 'live' ? list : { ...list, agent: undefined };
}

function endWords(session: SessionView): string {
  if (session.asked_to_stop) return 'was stopped';
  return `ended: ${endCause(session) ?? 'nobody knows its exit code'}`;
}

function reasonWords({ problem }: Pick<AgentView, 'problem'> | Pick<Cluster, 'problem'>): string {
  return problem ? `: ${problem}` : '';
}
