import { pollUntil } from '../../base/deadline.ts';
import type { TerminalEnd } from '../../protocol/attach.ts';
import type { Agent } from '../sessions/agent.ts';
import { getSession } from '../sessions/describe-session.ts';
import { lookAndTell } from '../sessions/watch-containers.ts';

/** tmux ends a moment before its container does. */
const CONTAINER_END_MS = 2_000;
const LOOK_MS = 50;
/** What tmux says when this client alone leaves, as opposed to `[exited]` and `[server exited]`. */
const LEFT_ALONE = /\[(detached|lost tty|terminated)/;

/**
 * Why a session's terminal has ended, by what is true of the session. Its last words only decide whether to wait for the
 * container's end: who detaches should not have to.
 */
export async function whyEnded(agent: Agent, id: string, lastWords: string): Promise<TerminalEnd> {
  const look = async (): Promise<TerminalEnd | undefined> => {
    if (agent.locks.liveOp(id) === 'delete' || !(await agent.store.find(id))) return { reason: 'removed' };
    const { facts } = await lookAndTell(agent, id);
    if (facts?.running) return undefined;
    const { asked_to_stop: isAsked } = await getSession(agent, id);
    return {
      reason: 'ended',
      ...(facts?.exitCode !== undefined && { exit_code: facts.exitCode }),
      ...(facts?.oomKilled && { oom_killed: true }),
      ...(isAsked && { asked_to_stop: true }),
    };
  };
  try {
    const alone = LEFT_ALONE.test(lastWords);
    const options = { timeoutMs: CONTAINER_END_MS, intervalMs: LOOK_MS, what: 'the end of the session' };
    const end = await (alone ? look() : pollUntil(look, options).catch(look));
    return end ?? { reason: 'detached' };
  } catch (error) {
    agent.log.warn({ err: error, session: id }, 'attach: nobody knows why a terminal ended');
    return { reason: 'failed' };
  }
}
