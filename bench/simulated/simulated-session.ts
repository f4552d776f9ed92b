// What sessions of a busy cluster look like: most of them running, some waiting for somebody, some on an older image.
import type { Activity, ActivityState } from '../../src/protocol/activity.ts';
import type { Session } from '../../src/protocol/session.ts';

const TASKS = ['api', 'billing', 'docs', 'frontend', 'importer', 'migration', 'parser', 'search'];
const STATES: readonly ActivityState[] = ['working', 'working', 'working', 'idle', 'idle', 'waiting'];
const DETAIL: Partial<Record<ActivityState, string>> = {
  working: 'Edit src/main.ts',
  waiting: 'permission to use Bash',
};
const EPOCH_MS = Date.parse('2026-01-02T03:04:05Z');

/** The `index`-th session of all, always the same one but for its UUID. */
export function simulatedSession(index: number): { name: string; fields: Partial<Session> } {
  const kind = index + Math.floor(index / 50); // or every agent would have but one kind of them
  const running = kind % 5 !== 0;
  const at = (minutes: number): string => new Date(EPOCH_MS + minutes * 60_000).toISOString();
  const port = index % 3 === 0 ? 1_001 + index : 0;
  const name = `${TASKS[index % TASKS.length] ?? ''}-${String(index).padStart(4, '0')}`;
  return {
    name,
    fields: {
      port,
      dns_name: port === 0 ? '' : `${name}.example`,
      created_at: at(index),
      last_accessed: at(index * 7),
      running,
      attached: running && kind % 11 === 0 ? 1 : 0,
      image: kind % 10 === 1 ? 'convocate:v1' : 'convocate:v2',
      container_id: running ? index.toString(16).padStart(64, '0') : '',
      started_at: at(index),
      ...(running ? { activity: activityAt(kind) } : endOf(kind)),
    },
  };
}

export function activityAt(
  step: number,
  detail?: string,
  since: string = new Date(EPOCH_MS).toISOString(),
): Activity {
  const state = STATES[step % STATES.length] ?? 'idle';
  return { state, since, detail: detail ?? DETAIL[state] ?? '' };
}

function endOf(kind: number): Partial<Session> {
  return kind % 15 === 0 ? { exit_code: 137, oom_killed: true } : { exit_code: kind % 2 };
}
