import type { SessionView } from '../protocol/shell-socket.ts';

/** What the entrypoint of a session ends with when it was told to stop, as (K)ill tells it. */
const STOPPED = 143;

/** It waits for a person, ended badly, is damaged or locked: what `!` in the list and `ls --needs-attention` show. */
export function needsAttention(session: SessionView): boolean {
  const { activity, exit_code: exitCode, oom_killed: oomKilled, damaged, locked, running } = session;
  const waits = running && activity?.state === 'waiting';
  const failed = exitCode !== undefined && exitCode !== 0 && exitCode !== STOPPED;
  const endedBadly = !running && (oomKilled === true || failed);
  return waits || endedBadly || damaged !== undefined || locked;
}
