import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { OperationError, codeOf, messageOf } from '../base/errors.ts';
import { SHELL_HOST } from '../protocol/host-layout.ts';
import { isAgentId } from '../protocol/ids.ts';
import { AgentId } from '../protocol/session.ts';

/** What lies in `/etc/convocate/agent-keys/<agent-id>/` (directory 0700, files 0600). */
export const AGENT_FILE = {
  record: 'agent.json',
  /** The key this shell host shows to the agent's 222. */
  privateKey: 'shell_to_agent_key',
  publicKey: 'shell_to_agent_key.pub',
  /** The key the agent shows to this shell host's 223. */
  agentPublicKey: 'agent_to_shell_key.pub',
  /** The key of the agent's listener on 222, pinned. */
  hostPublicKey: 'agent_host_key.pub',
  /** The key of the host's own sshd on 22, pinned, as OpenSSH reads it. */
  knownHosts: 'known_hosts',
} as const;

/** Content of `agent.json`. */
export const StoredRecord = z.object({
  agentId: AgentId,
  host: z.string().check(z.minLength(1)),
  user: z.optional(z.string()),
  address: z.string().check(z.minLength(1)),
  port: z.int().check(z.gte(1), z.lte(65_535)),
  registeredAt: z.string(),
});

/** Directory of one agent. Throws {@link TypeError} on an id that is none, before any path is built from it. */
export function directoryOf(agentId: string, dir: string = SHELL_HOST.agentKeysDir): string {
  if (!isAgentId(agentId)) throw new TypeError(`not an agent id: ${JSON.stringify(agentId)}`);
  return join(dir, agentId);
}

/** `<dir>/<agent-id>/known_hosts`: the pinned key of the host's sshd, for the provisioning `ssh`. */
export function knownHostsFileOf(agentId: string, dir?: string): string {
  return join(directoryOf(agentId, dir), AGENT_FILE.knownHosts);
}

/** Of every entry, in no order; empty where no agent was ever registered. */
export async function agentIdsIn(dir: string = SHELL_HOST.agentKeysDir): Promise<string[]> {
  try {
    return (await readdir(dir)).filter(isAgentId);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new OperationError(`the registry of agents cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
