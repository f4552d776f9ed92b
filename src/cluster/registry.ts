import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, RefusedError, codeOf, messageOf } from '../base/errors.ts';
import { SHELL_HOST } from '../protocol/host-layout.ts';
import { publicBlobOf } from '../ssh/keys.ts';
import { AGENT_FILE, StoredRecord, agentIdsIn, directoryOf } from './agent-directory.ts';

export { knownHostsFileOf } from './agent-directory.ts';

/** An agent that `init-agent` registered. */
export interface AgentRecord {
  readonly agentId: string;
  /** As the operator named it. */
  readonly host: string;
  /** Login on the host's sshd, where the operator gave one. */
  readonly user?: string;
  /** Where 222 is dialled. */
  readonly address: string;
  readonly port: number;
  /** RFC 3339, UTC. */
  readonly registeredAt: string;
}

export interface AgentCredentials {
  /** OpenSSH private key that opens the agent's 222. */
  readonly privateKey: string;
  /** Pinned host key of the agent's 222, wire form. */
  readonly hostKey: Buffer;
  /** The key the agent shows on our 223, wire form. */
  readonly agentPublicKey: Buffer;
}

/** The registry as it is, damage included: one broken entry must not hide the others. */
export interface RegistryScan {
  readonly agents: readonly AgentRecord[];
  readonly damaged: readonly { readonly agentId: string; readonly error: OperationError }[];
}

/** Reads every entry; names that are no agent id (our own temporary directories among them) are passed over. */
export async function scanAgents(dir: string = SHELL_HOST.agentKeysDir): Promise<RegistryScan> {
  const agents: AgentRecord[] = [];
  const damaged: { agentId: string; error: OperationError }[] = [];
  for (const agentId of (await agentIdsIn(dir)).sort()) {
    try {
      agents.push(await readRecord(agentId, dir));
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      damaged.push({ agentId, error });
    }
  }
  return { agents, damaged };
}

/**
 * The agent with this id, host name, or `user@host`; undefined where there is none. {@link RefusedError} where two
 * agents were registered under the same name; {@link OperationError} where a damaged entry might be the one.
 */
export async function findAgent(hostOrId: string, dir?: string): Promise<AgentRecord | undefined> {
  const { agents, damaged } = await scanAgents(dir);
  const found = agentNamed(agents, hostOrId);
  if (!found && damaged[0]) throw damaged[0].error;
  return found;
}

/** The one of `agents` that {@link findAgent} would find, whatever else is in the registry. */
export function agentNamed(agents: readonly AgentRecord[], hostOrId: string): AgentRecord | undefined {
  const byId = agents.find((agent) => agent.agentId === hostOrId);
  if (byId) return byId;
  const byHost = agents.filter(
    (agent) => agent.host === hostOrId || (agent.user && `${agent.user}@${agent.host}` === hostOrId),
  );
  if (byHost.length > 1) {
    const ids = byHost.map((agent) => agent.agentId).join(', ');
    throw new RefusedError(`${hostOrId} was registered more than once`, {
      host: hostOrId,
      hint: `name the agent by its id: ${ids}`,
    });
  }
  return byHost[0];
}

/** {@link OperationError} naming the file where one is missing or is no ed25519 key. */
export async function loadCredentials(agentId: string, dir?: string): Promise<AgentCredentials> {
  const directory = directoryOf(agentId, dir);
  const key = async (name: string): Promise<{ text: string; blob: Buffer }> => {
    const file = join(directory, name);
    try {
      const text = await readFile(file, 'utf8');
      return { text, blob: publicBlobOf(text) };
    } catch (error) {
      throw damagedFile(file, error);
    }
  };
  const [privateKey, hostKey, agentKey] = await Promise.all([
    key(AGENT_FILE.privateKey),
    key(AGENT_FILE.hostPublicKey),
    key(AGENT_FILE.agentPublicKey),
  ]);
  return { privateKey: privateKey.text, hostKey: hostKey.blob, agentPublicKey: agentKey.blob };
}

async function readRecord(agentId: string, dir: string): Promise<AgentRecord> {
  const file = join(directoryOf(agentId, dir), AGENT_FILE.record);
  try {
    const { user, ...record } = StoredRecord.parse(JSON.parse(await readFile(file, 'utf8')));
    if (record.agentId !== agentId) throw new Error(`it is the record of ${record.agentId}`);
    return user === undefined ? record : { ...record, user };
  } catch (error) {
    throw damagedFile(file, error);
  }
}

function damagedFile(file: string, cause: unknown): OperationError {
  const why = codeOf(cause) === 'ENOENT' ? 'it is missing' : messageOf(cause);
  return new OperationError(`${file} is damaged: ${why}`, {
    hint: 'run `convocate-host init-agent` again for this host; it repairs its entry',
    cause,
  });
}
