import type { RpcParams } from '../../../protocol/rpc.ts';
import type { Session } from '../../../protocol/session.ts';
import type { Agent } from '../agent.ts';
import { changeSession } from '../change.ts';
import { announce, getSession } from '../describe-session.ts';
import { choosePort, requireFreeDnsName } from '../reserve.ts';
import { othersOf } from '../stored-others.ts';

/**
 * Changes name, port or DNS name; a container that runs keeps what it has until its next restart. Throws `conflict`
 * naming the session that holds the port or the DNS name.
 */
export async function editSession(agent: Agent, params: RpcParams<'edit'>): Promise<Session> {
  await changeSession(agent, params.id, 'edit', () =>
    agent.reservations.run('names', () => editReserved(agent, params)),
  );
  await announce(agent, 'container.edited', params.id);
  return await getSession(agent, params.id);
}

async function editReserved(agent: Agent, params: RpcParams<'edit'>): Promise<void> {
  const others = await othersOf(agent);
  const old = others.find(({ uuid }) => uuid === params.id);
  if (!old) return;
  const protocol = params.protocol ?? old.protocol;
  const dnsName = params.dns_name ?? old.dns_name;
  requireFreeDnsName(dnsName, old.uuid, others);
  const wanted = params.port ?? old.port;
  const kept = wanted === old.port && protocol === old.protocol;
  const port = kept
    ? old.port
    : choosePort(
        { port: wanted, protocol, uuid: old.uuid },
        others,
        await foreignPorts(agent, old.uuid, protocol),
      );
  await agent.store.update(old.uuid, (stored) => ({
    ...stored,
    name: params.name || stored.name,
    port,
    protocol,
    dns_name: dnsName,
  }));
}

/** What the host listens on, less what it listens on for this session's own container. */
async function foreignPorts(
  agent: Agent,
  uuid: string,
  protocol: 'tcp' | 'udp',
): Promise<ReadonlySet<number>> {
  const ports = new Set(await agent.hostPorts(protocol));
  const facts = agent.containers.factsOf(uuid);
  for (const own of facts?.running ? facts.ports : []) if (own.protocol === protocol) ports.delete(own.port);
  return ports;
}
