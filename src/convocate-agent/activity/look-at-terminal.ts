import { withDeadline } from '../../base/deadline.ts';
import { CLAUDE_USER, containerNameOf } from '../../protocol/host-layout.ts';
import type { Agent } from '../sessions/agent.ts';
import type { TerminalEvidence } from './decide-activity.ts';

/** Straight to tmux and no script of ours, so that sessions on older images can be looked at too. */
const LOOK_ARGV = [
  ...['tmux', '-S', '/run/convocate-session/tmux.sock', 'display-message', '-p', '-t', '=session:'],
  '#{window_activity} #{pane_current_command}',
];
const LOOK_MS = 5_000;
/** tmux counts whole seconds: output this long ago may be going on. */
const FRESH_MS = 4_000;
/** What a program draws of its own question does not count as work after it. */
const AFTER_QUESTION_MS = 3_000;

/** One look: when the terminal last showed something new, and what runs in it. Undefined where tmux does not tell. */
export async function lookAtTerminal(
  agent: Pick<Agent, 'docker' | 'now'>,
  id: string,
): Promise<TerminalEvidence | undefined> {
  const command = { argv: LOOK_ARGV, user: CLAUDE_USER.name };
  const look = agent.docker.exec(containerNameOf(id), command);
  const { exitCode, output } = await withDeadline(look, LOOK_MS, 'a look at a terminal');
  const [, seconds, name] = /^(\d{1,12}) (\S{1,64})/.exec(output) ?? [];
  if (exitCode !== 0 || seconds === undefined || name === undefined) return undefined;
  const lookedAtMs = agent.now().getTime();
  return { lastOutputMs: Math.min(Number(seconds) * 1000, lookedAtMs), lookedAtMs, command: name };
}

/**
 * The second of two looks, with what both together say: output that goes on well after the question that was asked at
 * `askedMs`, on both, is work.
 */
export function comparedWith(
  before: TerminalEvidence | undefined,
  now: TerminalEvidence,
  askedMs: number,
): TerminalEvidence {
  const isBusy = ({ lastOutputMs, lookedAtMs }: TerminalEvidence): boolean =>
    lookedAtMs - lastOutputMs <= FRESH_MS && lastOutputMs - askedMs >= AFTER_QUESTION_MS;
  if (!before || !isBusy(before) || !isBusy(now)) return { ...now, busySinceMs: undefined };
  return { ...now, busySinceMs: before.busySinceMs ?? before.lastOutputMs };
}
