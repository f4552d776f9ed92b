import { RpcError } from '../../../protocol/error-codes.ts';
import { containerNameOf } from '../../../protocol/host-layout.ts';
import type { Agent } from '../agent.ts';
import { changeSession } from '../change.ts';
import { STOP_SECONDS } from '../container-spec.ts';
import { announce } from '../describe-session.ts';
import { lookAtContainer } from '../watch-containers.ts';

/** Stops the container; home, metadata and exit code stay. A session that does not run is left as it is. */
export async function killSession(agent: Agent, id: string): Promise<null> {
  const ended = await changeSession(agent, id, 'kill', async () => {
    const name = containerNameOf(id);
    const before = await lookAtContainer(agent, id);
    if (!before.facts?.running) return before.transition === 'ended';
    agent.containers.noteAskedToStop(id, before.facts);
    try {
      await agent.docker.stopContainer(name, STOP_SECONDS);
      const { facts } = await lookAtContainer(agent, id);
      if (facts?.running) throw new RpcError('docker', `container ${name} still runs after it was stopped`);
    } catch (error) {
      // Whatever ends it later is somebody's news. One that has ended all the same is what was wanted.
      if (agent.containers.factsOf(id)?.running) agent.containers.forgetAskedToStop(id);
      throw error;
    }
    return true;
  });
  if (ended) await announce(agent, 'container.stopped', id);
  return null;
}
