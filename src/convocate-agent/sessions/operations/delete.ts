import { RpcError } from '../../../protocol/error-codes.ts';
import { containerNameOf } from '../../../protocol/host-layout.ts';
import type { Session } from '../../../protocol/session.ts';
import type { Agent } from '../agent.ts';
import { changeSession } from '../change.ts';
import { STOP_SECONDS } from '../container-spec.ts';
import { describeEntry } from '../describe-session.ts';
import { requireHomeFree } from '../home-users.ts';
import { emptyDeletedHome, setHomeAside } from '../homes.ts';
import { lookAtContainer } from '../watch-containers.ts';

/**
 * Container first, and proven gone, then the home, then the metadata. While Docker cannot be asked nothing is deleted.
 * Setting the home aside is the step of no return; a crash after it is finished at the next start.
 */
export async function deleteSession(agent: Agent, id: string): Promise<null> {
  const last = await changeSession(agent, id, 'delete', async (entry): Promise<Session> => {
    await requireHomeFree(agent, id, 'delete');
    await removeContainer(agent, id);
    const session = await describeEntry(agent, entry);
    await setHomeAside(agent.paths, id);
    await agent.store.remove(id);
    agent.containers.forget(id);
    await emptyDeletedHome(agent.paths, id);
    return { ...session, locked: false };
  });
  agent.publish({ type: 'container.deleted', session_id: id, data: last });
  return null;
}

async function removeContainer(agent: Agent, id: string): Promise<void> {
  const name = containerNameOf(id);
  const { facts } = await lookAtContainer(agent, id);
  if (facts?.running) await agent.docker.stopContainer(name, STOP_SECONDS);
  if (facts) await agent.docker.removeContainer(facts.id);
  const after = await lookAtContainer(agent, id);
  if (after.facts) {
    throw new RpcError('docker', `container ${name} is still there after it was removed; the home was kept`);
  }
}
