import { RpcError } from '../../protocol/error-codes.ts';
import { LABEL, containerNameOf } from '../../protocol/host-layout.ts';
import type { Agent } from './agent.ts';
import { homeOf } from './paths.ts';

/**
 * Throws `conflict` where a container of another name, one that was renamed by hand, runs on the session's home: it
 * would go on writing into a home that is gone, or that another container works in.
 */
export async function requireHomeFree(agent: Agent, id: string, what: string): Promise<void> {
  const home = homeOf(agent.paths, id);
  const own = containerNameOf(id);
  const containers = await agent.docker.listContainers(`${LABEL.session}=${id}`);
  const other = containers.find(
    ({ name, running, mounts }) => running && name !== own && mounts.includes(home),
  );
  if (!other) return;
  throw new RpcError(
    'conflict',
    `${what}: the container "${other.name}" runs on the home of this session; on the agent host, name it ` +
      `${own} again ("docker rename"), or stop it`,
  );
}
