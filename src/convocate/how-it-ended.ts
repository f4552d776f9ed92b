import { FOUND_DEAD_EXIT } from '../protocol/session.ts';
import type { SessionView } from '../protocol/shell-socket.ts';

/** What is known of the end of a session that does not run. */
export type SessionEnd = Pick<SessionView, 'exit_code' | 'oom_killed' | 'asked_to_stop'>;

/**
 * For a row: `exit 137, out of memory`, or shorter, `oom 137`. One with a code of 0 that nobody asked to stop has exited by
 * itself; `stopped` is one that was killed as somebody asked, or whose code nobody knows.
 */
export function endWord(session: SessionView, isShort = false): string {
  const { exit_code, oom_killed, asked_to_stop, started_at } = session;
  if (asked_to_stop) return 'stopped';
  if (exit_code !== undefined) {
    if (!oom_killed) return `exit ${exit_code}`;
    return isShort ? `oom ${exit_code}` : `exit ${exit_code}, out of memory`;
  }
  return started_at === '' ? 'new' : 'stopped';
}

/** `exit code 137, out of memory`; undefined where nobody knows its exit code. */
export function endCause({ exit_code, oom_killed, asked_to_stop }: SessionEnd): string | undefined {
  if (exit_code === undefined) return undefined;
  return `exit code ${exit_code}${whyOf({ exit_code, oom_killed, asked_to_stop })}`;
}

function whyOf({ exit_code, oom_killed, asked_to_stop }: SessionEnd): string {
  if (asked_to_stop) return ', by a kill';
  if (oom_killed) return ', out of memory';
  return exit_code === FOUND_DEAD_EXIT ? ', as after a power cut of its host' : '';
}
