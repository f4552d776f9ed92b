import { CLAUDE_USER, containerNameOf } from '../../protocol/host-layout.ts';
import type { Agent } from '../sessions/agent.ts';
import type { TerminalEvidence } from './decide-activity.ts';

/**
 * The pane that the session's command runs in. Every image starts a tmux of its own for it, so it is the first there; what an
 * operator does in further windows is not the program's doing.
 */
const PROGRAM_PANE = '%0';
/** Straight to tmux and no script of ours, so that sessions on older images can be looked at too. */
const LOOK_ARGV = [
  ...['timeout', '--kill-after', '1', '5'], // a tmux that hangs must not stay behind
  ...['tmux', '-u', '-S', '/run/convocate-session/tmux.sock', 'display-message', '-p', '-t', PROGRAM_PANE],
  '#{window_activity} #{pane_current_command}',
];
const LOOK_MS = 5_000;
/** A session is root in its container: what answers there in the place of tmux may never come to an end. */
const MOST_BYTES = 4_096;
/** tmux counts whole seconds: output this long ago may be going on. */
const FRESH_MS = 4_000;
/** What a program draws of its own question does not count as work after it. */
const AFTER_QUESTION_MS = 3_000;

/**
 * One look: when the terminal last showed something new, and what runs in it. Undefined where tmux does not tell. Rejects with
 * `docker` after `timeoutMs`, and of a session that prints too much; nothing of a look is read on after it.
 */
export async function lookAtTerminal(
  agent: Pick<Agent, 'docker' | 'now'>,
  id: string,
  timeoutMs = LOOK_MS,
): Promise<TerminalEvidence | undefined> {
  const command = { argv: LOOK_ARGV, user: CLAUDE_USER.name, timeoutMs, mostBytes: MOST_BYTES };
  const { exitCode, output } = await agent.docker.exec(containerNameOf(id), command);
  const [, seconds, name] = /^(\d{1,12}) (\S{1,64})/.exec(output) ?? [];
  if (exitCode !== 0 || seconds === undefined || name === undefined) return undefined;
  const lookedAtMs = agent.now().getTime();
  const lastOutputMs = Math.min(Number(seconds) * 1000, lookedAtMs);
  return { lastOutputMs, lookedAtMs, command: name };
}

/**
 * A look, with what it says together with the one before: output that goes on over both, well after the report of
 * `reportedMs`, is work.
 */
export function comparedWith(
  before: TerminalEvidence | undefined,
  now: TerminalEvidence,
  reportedMs: number,
): TerminalEvidence {
  const isBusy = ({ lastOutputMs, lookedAtMs }: TerminalEvidence): boolean =>
    lookedAtMs - lastOutputMs <= FRESH_MS && lastOutputMs - reportedMs >= AFTER_QUESTION_MS;
  if (!before || !isBusy(before) || !isBusy(now)) return now;
  return { ...now, busySinceMs: before.busySinceMs ?? before.lastOutputMs };
}
