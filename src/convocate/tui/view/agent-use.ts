import { bytesText } from '../../../base/bytes-text.ts';
import type { AgentView, SessionView } from '../../../protocol/shell-socket.ts';
import { ageOf } from '../../commands/age.ts';
import type { Cluster } from '../state.ts';
import { safe } from './text-width.ts';

/** What an agent has, has left and runs, in words; `-` where its heartbeat has not told. */

export function loadText({ load }: AgentView): string {
  return load[0] === undefined ? '-' : load[0].toFixed(2);
}

export function freeMemoryText({ capacity }: AgentView): string {
  if (!capacity) return '-';
  return `${bytesText(capacity.memory_available_bytes)} of ${bytesText(capacity.memory_bytes)}`;
}

export function cpusText({ capacity }: AgentView): string {
  return capacity ? String(capacity.cpus) : '-';
}

/** `3/14`: running, and all. */
export function sessionsText({ agent_id }: AgentView, { sessions }: Cluster): string {
  const own = sessionsOf(agent_id, sessions);
  return `${own.filter(({ running }) => running).length}/${own.length}`;
}

export function downWords({ since, problem }: AgentView, nowMs: number): string {
  return `down for ${ageOf(since, nowMs)}${problem ? `: ${safe(problem)}` : ''}`;
}

function sessionsOf(agentId: string, sessions: Cluster['sessions']): readonly SessionView[] {
  return [...sessions.values()].filter((session) => session.agent_id === agentId);
}
