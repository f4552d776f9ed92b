import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { type ContainerFact, parseContainer } from '../docker-facts.ts';
import { scriptArgv } from '../host-scripts.ts';
import { READ_SESSIONS } from '../look-scripts.ts';
import { isNothingToDo } from '../plan.ts';
import { type Step, need } from '../rollout.ts';
import { toldLines } from '../script-lines.ts';
import { lookAtStatusLink } from './status-link.ts';

/**
 * What the rollout must leave as it is, read just before it changes anything: a transfer may take hours, and meanwhile
 * sessions end, operators kill and restart them, and the status link comes and goes.
 */
export const noteSessions: Step = {
  title: 'noting its session containers',
  isDone: (rollout) => isNothingToDo(need(rollout, 'plan')),
  run: async (rollout) => {
    rollout.sessionsBefore = await sessionContainers(need(rollout, 'host'));
    if (rollout.record) rollout.statusLinkBefore = await lookAtStatusLink(rollout.record.agentId);
  },
};

/** Throws OperationError where Docker does not answer: that is not the same as a host without sessions. */
export async function sessionContainers(host: Host): Promise<readonly ContainerFact[]> {
  const { exitCode, stdout } = await host.run(scriptArgv(READ_SESSIONS));
  if (exitCode === 0) return toldLines(stdout).all('container').map(parseContainer);
  throw new OperationError('Docker does not answer, so nobody knows which session containers there are', {
    host: host.name,
    hint: 'see `systemctl status docker` on the host, then run the same command again',
  });
}
