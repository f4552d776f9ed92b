import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../../base/deadline.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { CLAUDE_USER, containerNameOf } from '../../protocol/host-layout.ts';
import type { ExecCommand, ExecResult } from '../docker/docker.ts';
import type { Agent } from './agent.ts';
import { explainEnd } from './explain-end.ts';

/** The pane that an operator who attaches has before them: the active one of the current window. */
export const PANE = '=session:';

const TMUX = ['tmux', '-u', '-S', '/run/convocate-session/tmux.sock'] as const;
const WITHIN_MS = 30_000;
/** A session is root in its container: what answers there in the place of tmux may never come to an end. */
const MOST_BYTES = 64 * 1024;
/** A container that has only just started needs a moment. */
const COMES_UP_MS = 5_000;
const RETRY_MS = 100;
/** At least, for the look that explains why a command failed. */
const EXPLAIN_MS = 1_000;
const NOT_UP = /error connecting to|no server running|can't find session/;

export interface TmuxOptions extends Pick<ExecCommand, 'input' | 'keepBytes' | 'mostBytes'> {
  /** All tries together; default 30 s. */
  readonly withinMs?: number;
}

/**
 * Runs tmux commands in a session, one after the other and nothing in between, and gives what they print. They go to
 * its tmux as they are, so that they work with sessions of every image. Throws `conflict` where the session does not
 * run, or its terminal does not answer; `docker` where it takes too long, or prints too much.
 */
export async function runTmux(
  agent: Agent,
  id: string,
  commands: readonly (readonly string[])[],
  { withinMs = WITHIN_MS, mostBytes = MOST_BYTES, ...options }: TmuxOptions = {},
): Promise<string> {
  const argv = [
    ...['timeout', '--kill-after', '1', `${withinMs / 1000}`], // a tmux that hangs must not stay behind
    ...TMUX,
    ...commands.flatMap((command, index) => [...(index > 0 ? [';'] : []), ...escaped(command)]),
  ];
  const startedAt = performance.now();
  const givesUpAt = startedAt + COMES_UP_MS;
  for (;;) {
    const timeoutMs = Math.max(1, Math.floor(startedAt + withinMs - performance.now()));
    const command = { argv, user: CLAUDE_USER.name, timeoutMs, mostBytes, ...options };
    const { exitCode, output } = await execOrExplain(agent, id, command, startedAt + withinMs);
    if (exitCode === 0) return output;
    const end = await explainEnd(agent, id);
    if (end) throw end;
    if (!NOT_UP.test(output) || performance.now() >= givesUpAt) {
      throw new RpcError(
        'conflict',
        `the terminal of the session does not answer: ${output.trim().slice(0, 200)}`,
      );
    }
    await sleep(RETRY_MS);
  }
}

/** An argument with `;` at its end would begin the next command. */
function escaped(command: readonly string[]): string[] {
  return command.map((argument) => argument.replace(/;$/, '\\;'));
}

/** The explanation takes no longer than the answer itself might have: a Docker that hangs knows none. */
async function execOrExplain(
  agent: Agent,
  id: string,
  command: ExecCommand,
  untilMs: number,
): Promise<ExecResult> {
  try {
    return await agent.docker.exec(containerNameOf(id), command);
  } catch (error) {
    const leftMs = Math.max(EXPLAIN_MS, untilMs - performance.now());
    const end = await withDeadline(explainEnd(agent, id), leftMs, 'a look at its container').catch(() => {});
    throw end ?? error;
  }
}
