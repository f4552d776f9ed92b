import { FOUND_DEAD_EXIT } from '../protocol/session.ts';
import type { SessionView } from '../protocol/shell-socket.ts';

/** What is known of the end of a session that does not run. */
export type SessionEnd = Pick<SessionView, 'exit_code' | 'oom_killed' | 'asked_to_stop'>;

/** In a word or two, for a row; `outOfMemory` where there is no room for that. */
export function endWord(session: SessionView, outOfMemory = 'out of memory'): string {
  const { exit_code, oom_killed, asked_to_stop, started_at } = session;
  if (asked_to_stop) return 'stopped';
  if (oom_killed) return outOfMemory;
  if (exit_code) return `exit ${exit_code}`;
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
