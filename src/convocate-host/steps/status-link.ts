import { pollUntil } from '../../base/deadline.ts';
import { OperationError, messageOf } from '../../base/errors.ts';
import { ShellClient } from '../../cluster/shell-client.ts';
import type { AgentView } from '../../protocol/shell-socket.ts';
import { type Rollout, need } from '../rollout.ts';

type StatusLink = NonNullable<AgentView['status_link']>;

/** The agent's connection to this shell's 223 as the status service sees it; undefined where that cannot be asked. */
export async function lookAtStatusLink(agentId: string): Promise<StatusLink | undefined> {
  const shell = new ShellClient({ user: 'convocate-host', from: 'local' });
  const agents = await shell.agents().catch(() => []);
  return agents.find((agent) => agent.agent_id === agentId)?.status_link;
}

/**
 * Where the agent reached our 223 before, the new program must reach it too: else its events never come, and a session
 * that waits for someone goes unnoticed. Where it did not, a rollout is no reason to fail over it.
 */
export async function expectStatusLink(
  rollout: Rollout,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (!rollout.statusLinkBefore?.up) {
    rollout.reporter.warn(
      'its status link to this shell host was not up before, so that it is back is not proven',
    );
    return;
  }
  await waitForLink(
    rollout,
    timeoutMs,
    'did not come',
    (link) => link !== undefined && isBack(rollout, link),
    signal,
  );
}

/** As {@link expectStatusLink}, of a link that was seen. That nobody can be asked just then is no evidence. */
export async function expectStatusLinkStill(
  rollout: Rollout,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (!rollout.statusLinkBefore?.up) return;
  const isThere = (link?: StatusLink): boolean => !link || isBack(rollout, link);
  await waitForLink(rollout, timeoutMs, 'came, and was lost again', isThere, signal);
}

/** Throws OperationError, with `how` it failed, where the link is not such in time. */
async function waitForLink(
  rollout: Rollout,
  timeoutMs: number,
  how: string,
  isRight: (link?: StatusLink) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { agentId } = need(rollout, 'record');
  const look = async (): Promise<true | undefined> => isRight(await lookAtStatusLink(agentId)) || undefined;
  const options = { timeoutMs, intervalMs: 100, what: 'the status link', ...(signal && { signal }) };
  await pollUntil(look, options).catch((cause: unknown) => {
    throw new OperationError(`the new program's status link to this shell host's 223 ${how}`, {
      host: rollout.hostName,
      output: messageOf(cause),
      hint: 'see the journals: convocate-agent on the host, convocate-status here',
      cause,
    });
  });
}

function isBack(rollout: Rollout, { up, version, since }: StatusLink): boolean {
  const plan = need(rollout, 'plan');
  // By when it came, a link that came anew is told from the one before, whichever way the clock was set meanwhile.
  if (plan.restart || rollout.mustRestart)
    return up && version === plan.version && since !== rollout.statusLinkBefore?.since;
  // An agent of an earlier release names its version to the service it started under, and not to the next one.
  return up && (version === plan.version || version === '');
}
