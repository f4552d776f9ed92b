import { pollUntil } from '../../base/deadline.ts';
import { OperationError, messageOf } from '../../base/errors.ts';
import { connectAgent } from '../../cluster/agent-client.ts';
import { loadCredentials } from '../../cluster/registry.ts';
import type { Host } from '../../host-access/host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { type ContainerFact, gatherFacts } from '../facts.ts';
import { type Rollout, type Step, need } from '../rollout.ts';

/**
 * Proves the release over a fresh connection, which shares nothing with the one that made the change: 222 answers
 * with the version, the session containers are the very same, and the unit stays up without being started again.
 */
export const confirmHealthy: Step = {
  title: 'confirming over a fresh connection',
  run: async (rollout) => {
    // The two share nothing, so they are waited for together.
    const host = need(rollout, 'host');
    const [answer, reconnect] = await Promise.allSettled([answersOnVersion(rollout), host.reconnect()]);
    await using fresh = reconnect.status === 'fulfilled' ? reconnect.value : undefined;
    if (answer.status === 'rejected') throw answer.reason;
    if (!fresh) throw (reconnect as PromiseRejectedResult).reason;
    const before = need(rollout, 'facts').docker?.containers ?? [];
    const facts = await gatherFacts(fresh, []);
    expectSameContainers(fresh.name, before, facts.docker?.containers ?? []);
    if (before.length > 0) rollout.reporter.note(`${before.length} session containers are the very same`);
    if (need(rollout, 'plan').restart || rollout.mustRestart) await staysUp(fresh, rollout.options.soakMs);
  },
};

async function answersOnVersion(rollout: Rollout): Promise<void> {
  const record = need(rollout, 'record');
  const credentials = await loadCredentials(record.agentId);
  const expected = rollout.release.manifest;
  let lastWord = 'no answer';
  const ask = async (): Promise<true | undefined> => {
    try {
      await using agent = await connectAgent(record, credentials, { timeoutMs: 5_000 });
      const pong = await agent.call('ping', null);
      lastWord = `it answers as ${pong.version} with ${pong.image_tag}`;
      return pong.version === expected.version && pong.image_tag === expected.image.tag ? true : undefined;
    } catch (error) {
      lastWord = messageOf(error);
      return undefined;
    }
  };
  try {
    await pollUntil(ask, { timeoutMs: rollout.options.confirmMs, intervalMs: 100, what: 'the agent' });
  } catch (cause) {
    throw new OperationError(
      `the agent does not answer on ${record.address}:${record.port} as ${expected.version}`,
      {
        host: rollout.hostName,
        output: lastWord,
        hint: `look at it with: journalctl -u ${AGENT_HOST.unit}; roll out the version before this one to go back`,
        cause,
      },
    );
  }
  rollout.answeredMs = performance.now() - rollout.startedAt;
  rollout.reporter.note(
    `answers on ${record.address}:${record.port} as ${expected.version}, ${(rollout.answeredMs / 1000).toFixed(1)} s after the start`,
  );
}

/** Same containers, same start, same image: an update must not touch a session. */
export function expectSameContainers(
  host: string,
  before: readonly ContainerFact[],
  after: readonly ContainerFact[],
): void {
  const now = new Map(after.map((container) => [container.id, container]));
  const lost = before.filter((container) => {
    const found = now.get(container.id);
    if (container.running && !found?.running) return true;
    return (
      found === undefined || found.startedAt !== container.startedAt || found.imageId !== container.imageId
    );
  });
  if (lost.length === 0) return;
  throw new OperationError('session containers are not what they were before the rollout', {
    host,
    output: lost.map((container) => container.name).join('\n'),
    hint: 'see `docker ps -a` and the journal of docker.service on the host for what ended them',
  });
}

async function staysUp(host: Host, soakMs: number): Promise<void> {
  const argv = ['systemctl', 'show', AGENT_HOST.unit, '-p', 'ActiveState,MainPID,NRestarts'];
  const before = await host.check(argv);
  await new Promise((resolve) => setTimeout(resolve, soakMs));
  const after = await host.check(argv);
  if (before === after && after.includes('ActiveState=active')) return;
  throw new OperationError(`${AGENT_HOST.unit} did not stay up for ${soakMs / 1000} s`, {
    host: host.name,
    argv,
    output: after,
    hint: `look at it with: journalctl -u ${AGENT_HOST.unit}`,
  });
}
