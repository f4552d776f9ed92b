import * as z from 'zod/mini';
import { shellKeyFor } from '../../cluster/shell-key.ts';
import { registerAgent } from '../../cluster/register-agent.ts';
import { type AgentRecord, scanAgents } from '../../cluster/registry.ts';
import { OperationError } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { isAgentId } from '../../protocol/ids.ts';
import { AGENT_PORT, STATUS_PORT } from '../../protocol/limits.ts';
import { statusHostKey } from '../cluster-keys.ts';
import { LOCAL, addressOf } from '../open-host.ts';
import { type Rollout, need } from '../rollout.ts';
import { writeHostFile } from '../write-host-file.ts';

export interface PeeringOptions {
  readonly user: string | undefined;
  /** Where the agent dials 223; by default the address from which it sees us. */
  readonly shellHost: string | undefined;
  /** The pinned key of the host's sshd, as a known_hosts line. */
  readonly pin: string | undefined;
}

/**
 * Makes shell and agent known to each other by ed25519 keys. Each private key is made where it is used and stays
 * there: the agent's by `convocate-agent install`, ours here. Keys that exist are kept.
 */
export async function peerKeys(rollout: Rollout, options: PeeringOptions): Promise<void> {
  const record = await describeAgent(rollout, options);
  const host = need(rollout, 'host');
  const agentKey = await host.check(['ssh-keygen', '-y', '-f', AGENT_HOST.statusKeyFile]);
  const hostKey = await host.check(['ssh-keygen', '-y', '-f', AGENT_HOST.hostKeyFile]);
  const shellKey = await shellKeyFor(record.agentId);
  await registerAgent(record, {
    shellToAgentPrivateKey: shellKey.privateKey,
    hostPublicKey: hostKey.trim(),
    agentToShellPublicKey: agentKey.trim(),
    knownHosts: options.pin,
  });
  rollout.record = record;
  const changed = [
    await writeHostFile(host, AGENT_HOST.authorizedKeysFile, `${shellKey.publicLine}\n`, '600'),
    await writeHostFile(host, AGENT_HOST.shellHostFile, await shellHostText(rollout, options), '600'),
  ];
  if (changed.includes(true)) rollout.mustRestart = true;
}

async function describeAgent(rollout: Rollout, options: PeeringOptions): Promise<AgentRecord> {
  const host = need(rollout, 'host');
  const agentId = (await host.check(['cat', AGENT_HOST.agentIdFile])).trim();
  if (!isAgentId(agentId))
    throw new OperationError(`${AGENT_HOST.agentIdFile} holds no agent id`, { host: host.name });
  const { agents } = await scanAgents();
  const known = agents.find((agent) => agent.agentId === agentId);
  const user = rollout.hostName === LOCAL ? undefined : (options.user ?? known?.user);
  return {
    agentId,
    host: rollout.hostName,
    ...(user !== undefined && { user }),
    address: await addressOf(rollout.hostName),
    port: AGENT_PORT,
    registeredAt: known?.registeredAt ?? new Date().toISOString(),
  };
}

/** An address that an operator gave once is kept when init-agent is run again without one. */
async function shellHostText(rollout: Rollout, options: PeeringOptions): Promise<string> {
  const host = need(rollout, 'host');
  const kept = await host.run(['cat', AGENT_HOST.shellHostFile]);
  const before = kept.exitCode === 0 ? ShellHost.safeParse(parseJson(kept.stdout)) : undefined;
  const address = options.shellHost ?? before?.data?.host ?? host.clientAddress ?? '127.0.0.1';
  if (before?.success === false)
    rollout.reporter.warn(`${AGENT_HOST.shellHostFile} was damaged; the agent is told to dial ${address}`);
  return `${JSON.stringify({ host: address, port: STATUS_PORT, host_key: await statusHostKey() }, null, 2)}\n`;
}

/** What of that file an operator may have chosen. */
const ShellHost = z.object({ host: z.string().check(z.minLength(1)) });
