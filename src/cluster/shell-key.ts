import { generateKeyPair, publicLineOf } from '../ssh/keys.ts';
import { directoryOf } from './agent-directory.ts';
import { keptKey } from './kept-key.ts';

/** The key with which this shell opens one agent's 222. */
export interface ShellKey {
  /** OpenSSH's private key format. */
  readonly privateKey: string;
  /** For the agent's authorized_keys. */
  readonly publicLine: string;
}

/**
 * The key of this agent's entry, kept for ever, whatever else of the entry is damaged: a new one would lock us out of
 * the agent until it has been told. A new one where there is no key that could be kept.
 */
export async function shellKeyFor(agentId: string, dir?: string): Promise<ShellKey> {
  const privateKey =
    (await keptKey(directoryOf(agentId, dir))) ?? generateKeyPair(`shell-to-agent-${agentId}`).privateKey;
  return { privateKey, publicLine: publicLineOf(privateKey, 'convocate-shell') };
}
