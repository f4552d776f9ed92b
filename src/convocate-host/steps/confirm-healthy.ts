import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import type { ContainerFact } from '../docker-facts.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';
import { sessionContainers } from './note-sessions.ts';
import { expectStatusLink } from './status-link.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/** Kept of the window for telling the host that all is well. */
const LAST_WORDS_MS = 2_000;

/**
 * Proves the release over a fresh connection, which shares nothing with the one that made the change: 222 answers
 * with the version and reaches Docker, the session containers are the very same, the unit stays up without being
 * started again, a container from the image runs, and the agent's own connection to 223 is back.
 */
export const confirmHealthy: Step = {
  title: 'confirming over a fresh connection',
  run: async (rollout) => {
    const { version, imageTag, restart } = need(rollout, 'plan');
    const { soakMs } = rollout.options;
    const mustSoak = restart || rollout.mustRestart;
    const answerBy = timeLeft(rollout) - (mustSoak ? soakMs : 0) - LAST_WORDS_MS;
    // The two share nothing, so they are waited for together.
    const host = need(rollout, 'host');
    const [answer, reconnect] = await Promise.allSettled([
      waitForAnswer(need(rollout, 'record'), { version, imageTag }, Math.max(answerBy, 1_000)),
      host.reconnect(),
    ]);
    await using fresh = reconnect.status === 'fulfilled' ? reconnect.value : undefined;
    if (answer.status === 'rejected') throw answer.reason;
    tellAnswered(rollout, version);
    if (!fresh) throw (reconnect as PromiseRejectedResult).reason;

    await Promise.all([
      mustSoak ? staysUp(rollout, fresh, soakMs) : Promise.resolve(),
      expectSameSessions(rollout, fresh),
      fresh.check(stagedProgram(version, 'prove'), { timeoutMs: 60_000 }),
      expectStatusLink(rollout, timeLeft(rollout) - LAST_WORDS_MS),
    ]);
  },
};

/** Milliseconds in which the rollout has to be confirmed. */
function timeLeft({ deadMan, options }: Rollout): number {
  return deadMan ? deadMan.deadline - performance.now() : options.confirmMs;
}

function tellAnswered(rollout: Rollout, version: string): void {
  const { address, port } = need(rollout, 'record');
  rollout.answeredMs = performance.now() - rollout.startedAt;
  rollout.reporter.note(
    `answers on ${address}:${port} as ${version}, ${(rollout.answeredMs / 1000).toFixed(1)} s after the start`,
  );
}

async function expectSameSessions(rollout: Rollout, fresh: Host): Promise<void> {
  const before = rollout.sessionsBefore ?? need(rollout, 'facts').docker?.containers ?? [];
  expectSameContainers(fresh.name, before, await sessionContainers(fresh));
  if (before.length > 0) rollout.reporter.note(`${before.length} session containers are the very same`);
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

async function staysUp(rollout: Rollout, host: Host, soakMs: number): Promise<void> {
  const argv = ['systemctl', 'show', AGENT_HOST.unit, '-p', 'ActiveState,MainPID,NRestarts'];
  const before = await host.check(argv);
  await new Promise((resolve) => setTimeout(resolve, soakMs));
  const after = await host.check(argv);
  if (before !== after || !after.includes('ActiveState=active')) {
    throw new OperationError(`${AGENT_HOST.unit} did not stay up for ${soakMs / 1000} s`, {
      host: host.name,
      argv,
      output: after,
      hint: `look at it with: journalctl -u ${AGENT_HOST.unit}`,
    });
  }
  rollout.reporter.note(`stayed up for ${soakMs / 1000} s`);
}
