import type { ContainerFacts } from '../docker/docker.ts';
import type { ContainerRecord } from '../sessions/stored-session.ts';
import type { ContainerEvidence } from './decide-activity.ts';

/** What Docker said last of a session's container. */
export function containerEvidence(facts: ContainerFacts | undefined): ContainerEvidence | undefined {
  if (!facts) return undefined;
  const { running, startedAt, endedAt, exitCode, oomKilled } = facts;
  return { running, startedAt, endedAt, exitCode, oomKilled };
}

/** The same from what is stored, for when Docker cannot be asked. */
export function recordEvidence(record: ContainerRecord | undefined): ContainerEvidence | undefined {
  if (!record) return undefined;
  const { running, started_at: startedAt, exit_code: exitCode, oom_killed: oomKilled } = record;
  return { running, startedAt, exitCode, oomKilled };
}
