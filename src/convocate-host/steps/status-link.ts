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
export async function expectStatusLink(rollout: Rollout, timeoutMs: number): Promise<void> {
  const { agentId } = need(rollout, 'record');
  const { statusLinkBefore, reporter } = rollout;
  if (!statusLinkBefore?.up) {
    reporter.warn('its status link to this shell host was not up before, so that it is back is not proven');
    return;
  }
  const { version, restart } = need(rollout, 'plan');
  const isBack = (link: StatusLink | undefined): boolean =>
    link?.up === true &&
    link.version === version &&
    (!(restart || rollout.mustRestart) || link.since > statusLinkBefore.since);
  try {
    await pollUntil(async () => (isBack(await lookAtStatusLink(agentId)) ? true : undefined), {
      timeoutMs: Math.max(timeoutMs, 1_000),
      intervalMs: 100,
      what: 'the status link',
    });
  } catch (cause) {
    throw new OperationError(`the new program's status link to this shell host's 223 did not come`, {
      host: rollout.hostName,
      output: messageOf(cause),
      hint: 'see the journals: convocate-agent on the host, convocate-status here',
      cause,
    });
  }
}
