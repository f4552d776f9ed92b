import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncToDisk, writeFileAtomic } from '../base/atomic-file.ts';
import { RefusedError, codeOf } from '../base/errors.ts';
import { SHELL_HOST } from '../protocol/host-layout.ts';
import { publicBlobOf, publicLineOf } from '../ssh/keys.ts';
import { AGENT_FILE, directoryOf } from './agent-directory.ts';
import { keptKey, textOf } from './kept-key.ts';
import type { AgentRecord } from './registry.ts';

/** Keys as text: an OpenSSH private key, two public lines, and a line of known_hosts. */
export interface AgentMaterial {
  readonly shellToAgentPrivateKey: string;
  readonly hostPublicKey: string;
  readonly agentToShellPublicKey: string;
  /** The pinned key of the host's sshd; what is there stays where none is given. */
  readonly knownHosts?: string | undefined;
}

const PRIVATE = 0o600;

/**
 * Enters an agent, whole or not at all; for one that is there already, mends whatever differs. The private key of an
 * entry is never replaced: {@link RefusedError} where it holds another one, because the agent knows only that one.
 */
export async function registerAgent(
  record: AgentRecord,
  material: AgentMaterial,
  dir: string = SHELL_HOST.agentKeysDir,
): Promise<void> {
  const target = directoryOf(record.agentId, dir);
  const files = filesOf(record, material);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (await mendExisting(target, material, files)) return;

  const temporary = join(dir, `.${record.agentId}.${randomUUID()}.tmp`);
  try {
    await mkdir(temporary, { mode: 0o700 });
    for (const [name, content] of files) await writeDurably(join(temporary, name), content);
    await syncToDisk(temporary);
    await rename(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await syncToDisk(dir);
}

/** `agent.json` comes last: an entry without it is damaged, not half believed. */
function filesOf(record: AgentRecord, material: AgentMaterial): [name: string, content: string][] {
  const { shellToAgentPrivateKey, hostPublicKey, agentToShellPublicKey, knownHosts } = material;
  return [
    [AGENT_FILE.privateKey, `${shellToAgentPrivateKey.trimEnd()}\n`],
    [AGENT_FILE.publicKey, `${publicLineOf(shellToAgentPrivateKey, 'convocate-shell')}\n`],
    [AGENT_FILE.agentPublicKey, `${publicLineOf(agentToShellPublicKey, record.agentId)}\n`],
    [AGENT_FILE.hostPublicKey, `${publicLineOf(hostPublicKey, record.agentId)}\n`],
    ...(knownHosts === undefined ? [] : [[AGENT_FILE.knownHosts, knownHosts] satisfies [string, string]]),
    [AGENT_FILE.record, recordText(record)],
  ];
}

function recordText(record: AgentRecord): string {
  const { agentId, host, user, address, port, registeredAt } = record;
  return `${JSON.stringify({ agentId, host, user, address, port, registeredAt }, null, 2)}\n`;
}

/** False where there is no entry yet. */
async function mendExisting(
  target: string,
  material: AgentMaterial,
  files: readonly [name: string, content: string][],
): Promise<boolean> {
  try {
    await chmod(target, 0o700);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  const kept = await keptKey(target);
  if (kept !== undefined && !isSameKey(kept, material.shellToAgentPrivateKey)) {
    throw new RefusedError(
      `${join(target, AGENT_FILE.privateKey)} holds another key, and is never replaced`,
      {
        hint: 'register the agent with the key that is there, or remove the agent first',
      },
    );
  }
  for (const [name, content] of files) {
    const file = join(target, name);
    const old = name === AGENT_FILE.privateKey ? kept : await textOf(file);
    if (old === undefined || (old !== content && name !== AGENT_FILE.privateKey))
      await writeFileAtomic(file, content, { mode: PRIVATE });
    else await chmod(file, PRIVATE);
  }
  return true;
}

function isSameKey(a: string, b: string): boolean {
  return publicBlobOf(a).equals(publicBlobOf(b));
}

async function writeDurably(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', PRIVATE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
