import { randomUUID } from 'node:crypto';
import type { RpcParams } from '../../../protocol/rpc.ts';
import type { Session } from '../../../protocol/session.ts';
import type { Agent } from '../agent.ts';
import { announce, getSession } from '../describe-session.ts';
import { removeHome, seedHome } from '../homes.ts';
import { choosePort, requireFreeDnsName } from '../reserve.ts';
import { othersOf } from '../stored-others.ts';
import type { StoredSession } from '../stored-session.ts';

/**
 * A new session with a home and no container. The metadata is written last: whatever fails before leaves nothing.
 * Throws `conflict` naming the session that holds the port or the DNS name.
 */
export async function createSession(agent: Agent, params: RpcParams<'create'>): Promise<Session> {
  const uuid = randomUUID();
  await agent.locks.hold(uuid, 'create', () =>
    agent.reservations.run('names', () =>
      agent.locks.mark(uuid, 'create', () => createReserved(agent, uuid, params)),
    ),
  );
  await announce(agent, 'container.created', uuid);
  return await getSession(agent, uuid);
}

async function createReserved(agent: Agent, uuid: string, params: RpcParams<'create'>): Promise<void> {
  const protocol = params.protocol ?? 'tcp';
  const others = await othersOf(agent);
  requireFreeDnsName(params.dns_name ?? '', uuid, others);
  const onHost = await agent.hostPorts(protocol);
  const port = choosePort({ port: params.port ?? 0, protocol, uuid }, others, onHost);
  const now = agent.now().toISOString();
  const session: StoredSession = {
    format: 1,
    uuid,
    name: params.name,
    port,
    protocol,
    dns_name: params.dns_name ?? '',
    created_at: now,
    last_accessed: now,
  };
  try {
    await seedHome(agent.paths, uuid, agent.skelDirs, agent.owner);
    await agent.store.write(session);
  } catch (error) {
    await removeHome(agent.paths, uuid);
    throw error;
  }
}
