import { generateKeyPair, publicLineOf } from '../ssh/keys.ts';
import { loadCredentials, scanAgents } from './registry.ts';

/** The key with which this shell opens one agent's 222. */
export interface ShellKey {
  /** OpenSSH's private key format. */
  readonly privateKey: string;
  /** For the agent's authorized_keys. */
  readonly publicLine: string;
}

/**
 * The key that is registered for this agent, kept for ever; a new one where the agent is not registered yet. Throws
 * where its entry is damaged: a new key would lock us out of the agent.
 */
export async function shellKeyFor(agentId: string, dir?: string): Promise<ShellKey> {
  const { agents, damaged } = await scanAgents(dir);
  const broken = damaged.find((entry) => entry.agentId === agentId);
  if (broken) throw broken.error;
  const isKnown = agents.some((agent) => agent.agentId === agentId);
  const privateKey = isKnown
    ? (await loadCredentials(agentId, dir)).privateKey
    : generateKeyPair(`shell-to-agent-${agentId}`).privateKey;
  return { privateKey, publicLine: publicLineOf(privateKey, 'convocate-shell') };
}
