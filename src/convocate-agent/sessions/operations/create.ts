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
 * A new session with a home and no container. The metadata is written last: whatever fails before leaves nothing. Names and
 * ports are given out only then: a home may take its time to be on the disk, and others wait for the one lock.
 * Throws `conflict` naming the session that holds the port or the DNS name.
 */
export async function createSession(agent: Agent, params: RpcParams<'create'>): Promise<Session> {
  const uuid = randomUUID();
  await agent.locks.hold(uuid, 'create', () =>
    agent.locks.mark(uuid, 'create', async () => {
      await newSession(agent, uuid, params); // what can be refused is refused before anything is made
      try {
        await seedHome(agent.paths, uuid, agent.skelDirs, agent.owner);
        await agent.reservations.run('names', async () => {
          await agent.store.write(await newSession(agent, uuid, params));
        });
      } catch (error) {
        await removeHome(agent.paths, uuid);
        throw error;
      }
    }),
  );
  await announce(agent, 'container.created', uuid);
  return await getSession(agent, uuid);
}

/** With a port and a DNS name that are free as things stand. */
async function newSession(agent: Agent, uuid: string, params: RpcParams<'create'>): Promise<StoredSession> {
  const protocol = params.protocol ?? 'tcp';
  const others = await othersOf(agent);
  requireFreeDnsName(params.dns_name ?? '', uuid, others);
  const onHost = await agent.hostPorts(protocol);
  const port = choosePort({ port: params.port ?? 0, protocol, uuid }, others, onHost);
  const now = agent.now().toISOString();
  return {
    format: 1,
    uuid,
    name: params.name,
    port,
    protocol,
    dns_name: params.dns_name ?? '',
    created_at: now,
    last_accessed: now,
  };
}
