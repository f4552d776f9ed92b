import { DeadlineError, allOrAbort, pause } from '../../base/deadline.ts';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import type { ContainerFact } from '../docker-facts.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';
import { freshConnection } from './fresh-connection.ts';
import { sessionContainers } from './note-sessions.ts';
import { expectStatusLink, expectStatusLinkStill } from './status-link.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/**
 * Proves the release over a fresh connection, which shares nothing with the one that made the change: 222 answers
 * with the version and reaches Docker, a container from the image runs, and the agent's own connection to 223 is back.
 * At the end of the soak, and no sooner, it has to have stayed up without being started again, with the very same
 * session containers: what a new program does to them, it may do some seconds after its start.
 */
export const confirmHealthy: Step = {
  title: 'confirming over a fresh connection',
  run: async (rollout) => {
    const { version, imageTag, restart } = need(rollout, 'plan');
    const { soakMs } = rollout.options;
    const mustSoak = restart || rollout.mustRestart;
    const answerMs = Math.max(timeLeft(rollout) - (mustSoak ? soakMs : 0), 1_000);
    // The two share nothing, so they are waited for together, and for as long: the network may be away for a while.
    const [answer, connection] = await Promise.allSettled([
      waitForAnswer(need(rollout, 'record'), { version, imageTag }, answerMs).then(() =>
        tellAnswered(rollout, version),
      ),
      freshConnection(need(rollout, 'host'), answerMs),
    ]);
    await using fresh = connection.status === 'fulfilled' ? connection.value : undefined;
    if (answer.status === 'rejected') throw answer.reason;
    if (!fresh) throw (connection as PromiseRejectedResult).reason;

    const stayedUp = mustSoak ? await watchUnit(fresh) : undefined;
    const timeoutMs = Math.max(timeLeft(rollout), 1_000);
    // Once one of them has failed, the others have nothing to wait for, and would keep this program from ending.
    await allOrAbort((signal) => [
      stayedUp && pause(soakMs, signal),
      proveImage(fresh, version, timeoutMs),
      expectStatusLink(rollout, timeoutMs, signal),
    ]);
    await allOrAbort((signal) => [
      stayedUp?.(),
      expectSameSessions(rollout, fresh),
      expectStatusLinkStill(rollout, Math.max(timeLeft(rollout), 1_000), signal),
    ]);
    if (stayedUp) rollout.reporter.note(`stayed up for ${soakMs / 1000} s`);
  },
};

/** Of the window, at least: a last look at the host, a login there, and a verb. */
const LAST_WORDS_MS = 2_000;

/**
 * Milliseconds until the release has to be proven: a tenth of the window is kept for telling the host, so that an operator
 * who gives a slow host more time gives it more time for that too.
 */
function timeLeft({ deadMan, options: { confirmMs } }: Rollout): number {
  const windowMs = deadMan ? deadMan.deadline - performance.now() : confirmMs;
  return windowMs - Math.max(confirmMs / 10, LAST_WORDS_MS);
}

function tellAnswered(rollout: Rollout, version: string): void {
  const { address, port } = need(rollout, 'record');
  rollout.answeredMs = performance.now() - rollout.startedAt;
  rollout.reporter.note(
    `answers on ${address}:${port} as ${version}, ${(rollout.answeredMs / 1000).toFixed(1)} s after the start`,
  );
}

/** Throws {@link InconclusiveError} where a container from the image has not run and ended by `timeoutMs`. */
async function proveImage(fresh: Host, version: string, timeoutMs: number): Promise<void> {
  try {
    await fresh.check(stagedProgram(version, 'prove'), { timeoutMs });
  } catch (error) {
    if (!(error instanceof OperationError && error.cause instanceof DeadlineError)) throw error;
    throw new InconclusiveError(
      `a container from the image did not end within ${(timeoutMs / 1000).toFixed(1)} s, all that was left to prove it`,
      {
        ...error.details,
        hint: 'see whether the host is overloaded, or its Docker hangs; then give it more time with --confirm-timeout',
      },
    );
  }
}

async function expectSameSessions(rollout: Rollout, fresh: Host): Promise<void> {
  const before = rollout.sessionsBefore ?? need(rollout, 'facts').docker?.containers ?? [];
  expectSameContainers(fresh.name, before, await sessionContainers(fresh));
  if (before.length > 0) rollout.reporter.note(`${before.length} session containers are the very same`);
}

/** Nothing may be wrong with the release: its hint holds on a host that has gone back as well. */
export class InconclusiveError extends OperationError {}

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
  throw new InconclusiveError('session containers are not what they were before the rollout', {
    host,
    output: lost.map((container) => container.name).join('\n'),
    hint:
      'see `docker ps -a` and the journal of docker.service on the host for what ended them; a session that ended by ' +
      'itself meanwhile, or that somebody killed or restarted, looks the same: then just run the command again',
  });
}

/** Gives what throws OperationError where the unit is not up then, or was started again since now. */
async function watchUnit(host: Host): Promise<() => Promise<void>> {
  const argv = ['systemctl', 'show', AGENT_HOST.unit, '-p', 'ActiveState,MainPID,NRestarts'];
  const before = await host.check(argv);
  return async () => {
    const after = await host.check(argv);
    if (before === after && after.includes('ActiveState=active')) return;
    throw new OperationError(`${AGENT_HOST.unit} did not stay up while it was proven`, {
      host: host.name,
      argv,
      output: after,
      hint: `look at it with: journalctl -u ${AGENT_HOST.unit}`,
    });
  };
}
