import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateKeyPair, publicBlobOf } from '../ssh/keys.ts';
import { registerAgent } from './register-agent.ts';
import { type AgentRecord, loadCredentials, scanAgents } from './registry.ts';
import { shellKeyFor } from './shell-key.ts';

const agentId = 'abcd1234';
const record: AgentRecord = {
  agentId,
  host: 'agent-a',
  address: '10.0.0.1',
  port: 222,
  registeredAt: '2026-01-01T00:00:00Z',
};
const [kept, hostKey, agentKey] = ['shell', 'host', 'agent'].map((comment) => generateKeyPair(comment));
const material = {
  shellToAgentPrivateKey: kept?.privateKey ?? '',
  hostPublicKey: hostKey?.publicKey ?? '',
  agentToShellPublicKey: agentKey?.publicKey ?? '',
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-shell-key-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const blobs = async (): Promise<{ own: Buffer; public: Buffer }> => {
  const key = await shellKeyFor(agentId, dir);
  return { own: publicBlobOf(key.privateKey), public: publicBlobOf(key.publicLine) };
};
const keptBlob = publicBlobOf(material.shellToAgentPrivateKey);

test('an agent that is not registered gets a new key', async () => {
  const [one, two] = [await blobs(), await blobs()];
  expect(one.own).toEqual(one.public);
  expect(one.own).not.toEqual(two.own);
});

test('a registered one keeps its key', async () => {
  await registerAgent(record, material, dir);
  expect(await blobs()).toEqual({ own: keptBlob, public: keptBlob });
});

test.each(['agent.json', 'agent_host_key.pub', 'agent_to_shell_key.pub', 'shell_to_agent_key.pub'])(
  'it is kept too where %s is damaged, and the entry can be mended with it',
  async (file) => {
    await registerAgent(record, material, dir);
    await writeFile(join(dir, agentId, file), '{');
    const { privateKey } = await shellKeyFor(agentId, dir);
    expect(publicBlobOf(privateKey)).toEqual(keptBlob);
    await registerAgent(record, { ...material, shellToAgentPrivateKey: privateKey }, dir);
    expect(await scanAgents(dir)).toEqual({ agents: [record], damaged: [] });
    expect(publicBlobOf((await loadCredentials(agentId, dir)).privateKey)).toEqual(keptBlob);
    expect(await readFile(join(dir, agentId, file), 'utf8')).not.toBe('{');
  },
);

test('a key that cannot be read any more is replaced, and its entry takes the new one', async () => {
  await registerAgent(record, material, dir);
  await writeFile(join(dir, agentId, 'shell_to_agent_key'), 'cut off');
  const { privateKey } = await shellKeyFor(agentId, dir);
  expect(publicBlobOf(privateKey)).not.toEqual(keptBlob);
  await registerAgent(record, { ...material, shellToAgentPrivateKey: privateKey }, dir);
  expect((await loadCredentials(agentId, dir)).privateKey.trimEnd()).toBe(privateKey.trimEnd());
});
