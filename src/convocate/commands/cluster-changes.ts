import { stateOf } from '../../protocol/session-actions.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import type { ClusterPicture } from '../../cluster/cluster-picture.ts';
import { newAgentState } from '../../cluster/cluster-state.ts';

/** One thing that is another than before, as `convocate events --json` prints it, with the time in front. */
export interface ClusterEvent {
  readonly event:
    | 'agent.appeared'
    | 'agent.gone'
    | 'agent.up'
    | 'agent.down'
    | 'agent.release'
    | 'session.appeared'
    | 'session.gone'
    | 'session.state'
    | 'session.activity'
    | 'session.edited';
  readonly agent_id: string;
  readonly host: string;
  /** UUID; absent in events of agents. */
  readonly session?: string;
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  /** Why an agent is down, what a program waits for, what was edited. */
  readonly detail?: string;
  /** Of a session that stopped. */
  readonly exit_code?: number;
  readonly oom_killed?: boolean;
  /** It was stopped by a kill. */
  readonly asked_to_stop?: boolean;
}

/** What happened between two pictures: of agents first. A session that is stale has not changed: nobody knows. */
export function changesBetween(before: ClusterPicture, after: ClusterPicture): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  for (const [id, agent] of after.agents) {
    const old = before.agents.get(id);
    if (old !== agent) events.push(...agentChanges(old, agent));
  }
  for (const [id, agent] of before.agents)
    if (!after.agents.has(id)) events.push({ event: 'agent.gone', ...placeOf(agent) });
  for (const [key, session] of after.sessions) {
    const old = before.sessions.get(key);
    if (old !== session && !session.stale) events.push(...sessionChanges(old, session));
  }
  for (const [key, session] of before.sessions)
    if (!after.sessions.has(key)) events.push({ event: 'session.gone', ...whoOf(session) });
  return events;
}

/** What a service says of an agent that it has not tried to reach since it started. */
const NOT_TRIED = newAgentState('', '', '').problem;

/**
 * What the next picture is held against. Of a session that is stale, the last that was sure stands: whatever becomes of
 * it meanwhile is told when somebody knows. A service that has only just started knows nothing of an agent before it has
 * tried to reach it; that is no news of the agent, so what was known of it before stands until then. One that it could not
 * reach is down, and still of the release that was known.
 */
export function baselineOf(before: ClusterPicture | undefined, now: ClusterPicture): ClusterPicture {
  const agents = new Map(now.agents);
  for (const [id, agent] of now.agents) {
    const known = before?.agents.get(id);
    if (agent.version !== '' || !known) continue;
    const isNews = agent.up || agent.problem !== NOT_TRIED;
    agents.set(id, isNews ? { ...agent, version: known.version } : known);
  }
  const sessions = new Map(now.sessions);
  for (const [key, session] of now.sessions)
    if (session.stale) sessions.set(key, before?.sessions.get(key) ?? session);
  return { ...now, agents, sessions };
}

function agentChanges(old: AgentView | undefined, agent: AgentView): ClusterEvent[] {
  const place = placeOf(agent);
  const events: ClusterEvent[] = [];
  if (!old) events.push({ event: 'agent.appeared', ...place });
  if (agent.up && !old?.up) events.push({ event: 'agent.up', ...place });
  if (!agent.up && (old?.up ?? true)) {
    const detail = agent.problem ?? 'unknown';
    events.push({ event: 'agent.down', ...place, detail });
  }
  if (old && old.version !== '' && agent.version !== old.version)
    events.push({ event: 'agent.release', ...place, from: old.version, to: agent.version });
  return events;
}

function sessionChanges(old: SessionView | undefined, session: SessionView): ClusterEvent[] {
  const who = whoOf(session);
  const to = stateOf(session);
  if (!old) return [{ event: 'session.appeared', ...who, to }];
  const events: ClusterEvent[] = [];
  const edited = EDITABLE.filter((field) => old[field] !== session[field]);
  if (edited.length > 0) {
    const detail = edited
      .map((field) => `${field} ${old[field] || '-'} -> ${session[field] || '-'}`)
      .join(', ');
    events.push({ event: 'session.edited', ...who, detail });
  }
  const from = stateOf(old);
  if (from !== to) events.push({ event: 'session.state', ...who, from, to, ...endOf(session) });
  const [was, is] = [old.activity, session.activity];
  if (is && (was?.state !== is.state || was.detail !== is.detail))
    events.push({
      event: 'session.activity',
      ...who,
      from: was?.state ?? 'unknown',
      to: is.state,
      ...(is.detail && { detail: is.detail }),
    });
  return events;
}

const EDITABLE = ['name', 'port', 'protocol', 'dns_name'] as const;

function placeOf({ agent_id, host }: AgentView): Pick<ClusterEvent, 'agent_id' | 'host'> {
  return { agent_id, host };
}

function whoOf({ agent_id, host, uuid, name }: SessionView): Omit<ClusterEvent, 'event'> {
  return { agent_id, host, session: uuid, name };
}

type End = Pick<ClusterEvent, 'exit_code' | 'oom_killed' | 'asked_to_stop'>;

function endOf({ running, exit_code, oom_killed, asked_to_stop }: SessionView): End {
  if (running) return {};
  return {
    ...(exit_code !== undefined && { exit_code }),
    ...(oom_killed && { oom_killed }),
    ...(asked_to_stop && { asked_to_stop }),
  };
}
