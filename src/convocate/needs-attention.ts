import { STOPPED_EXIT } from '../protocol/session.ts';
import type { SessionView } from '../protocol/shell-socket.ts';

/** It waits for a person, ended badly, is damaged or locked: what `!` in the list and `ls --needs-attention` show. */
export function needsAttention(session: SessionView): boolean {
  const { activity, damaged, locked, running } = session;
  const waits = running && activity?.state === 'waiting';
  return waits || endedBadly(session) || damaged !== undefined || locked;
}

/**
 * Its end was not what anybody asked for: for want of memory, or with an exit code that says so. A SIGTERM from inside
 * leaves the code of a host that goes down, and no agent can tell the two apart; of all others, 137 of a SIGKILL among
 * them, somebody should know, unless it was a kill of an operator's.
 */
export function endedBadly(
  session: Pick<SessionView, 'running' | 'exit_code' | 'oom_killed' | 'asked_to_stop'>,
): boolean {
  const { running, exit_code: exitCode = 0, oom_killed: oomKilled, asked_to_stop: isAsked } = session;
  return !running && !isAsked && (oomKilled === true || (exitCode !== 0 && exitCode !== STOPPED_EXIT));
}
