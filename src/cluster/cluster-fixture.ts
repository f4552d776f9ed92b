import type { Session } from '../protocol/session.ts';
import type { AgentView, SessionView } from '../protocol/shell-socket.ts';
import { type AgentState, newAgentState } from './cluster-state.ts';

/** For tests: agents and sessions of which only what matters is said. */

export const SESSION_A = '11111111-1111-4111-8111-111111111111';
export const SESSION_B = '22222222-2222-4222-8222-222222222222';
const T0 = '2026-01-01T00:00:00.000Z';

export function session(uuid: string, fields: Partial<Session> = {}): Session {
  return {
    uuid,
    name: uuid.slice(0, 4),
    port: 0,
    protocol: 'tcp',
    dns_name: '',
    created_at: T0,
    last_accessed: '',
    agent_id: 'aaaaaaaa',
    attached: 0,
    running: false,
    image: '',
    container_id: '',
    started_at: '',
    locked: false,
    ...fields,
  };
}

export function sessionView(uuid: string, fields: Partial<SessionView> = {}): SessionView {
  return { ...session(uuid), host: 'one', stale: false, older_image: false, ...fields };
}

export function agentView(agentId: string, fields: Partial<AgentView> = {}): AgentView {
  return {
    agent_id: agentId,
    host: 'one',
    up: true,
    since: T0,
    version: 'v2',
    image_tag: 'convocate:v2',
    load: [],
    ...fields,
  };
}

export function agentState(agentId: string, ...sessions: Session[]): AgentState {
  const own = sessions.map((one): [string, Session] => [one.uuid, { ...one, agent_id: agentId }]);
  return { ...newAgentState(agentId, 'one', T0), up: true, problem: undefined, sessions: new Map(own) };
}
