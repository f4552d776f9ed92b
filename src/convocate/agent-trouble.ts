import type { AgentView } from '../protocol/shell-socket.ts';
import { ageOf } from './commands/age.ts';

/** An agent comes back by itself within this where only the status service was restarted, which is no trouble. */
const EVENTS_GRACE_MS = 10_000;

/** What is wrong with an agent that answers all the same, in words with since when; undefined where nothing is. */
export function halfDeadWords(agent: AgentView, nowMs: number): string | undefined {
  const { docker, status_link: link } = agent;
  if (!agent.up) return undefined;
  if (docker?.answers === false)
    return `Docker does not answer for ${ageOf(docker.since, nowMs)}; its rows are as seen last`;
  if (link && !link.up && nowMs - Date.parse(link.since) >= EVENTS_GRACE_MS)
    return `no events for ${ageOf(link.since, nowMs)}; its memory, CPU and load are not known`;
  return undefined;
}
