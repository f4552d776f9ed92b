import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperationError, RefusedError } from '../base/errors.ts';
import { generateKeyPair, publicBlobOf } from '../ssh/keys.ts';
import { registerAgent } from './register-agent.ts';
import { type AgentRecord, findAgent, knownHostsFileOf, loadCredentials, scanAgents } from './registry.ts';

const one = generateKeyPair('one');
const two = generateKeyPair('two');
const KEY_1 = one.privateKey;
const KEY_2 = two.privateKey;
const PUBLIC_1 = one.publicKey;
const PUBLIC_2 = two.publicKey;

const record: AgentRecord = {
  agentId: 'abcd1234',
  host: 'agent-a',
  user: 'root',
  address: '10.0.0.1',
  port: 222,
  registeredAt: '2026-01-01T00:00:00Z',
};
const material = { shellToAgentPrivateKey: KEY_1, hostPublicKey: PUBLIC_1, agentToShellPublicKey: PUBLIC_2 };

let dir: string;
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'convocate-registry-')), 'agent-keys');
});
afterEach(async () => {
  await rm(join(dir, '..'), { recursive: true, force: true });
});

describe('registering', () => {
  test('writes one directory that root alone can read', async () => {
    await registerAgent(record, material, dir);
    expect((await readdir(dir)).sort()).toEqual(['abcd1234']);
    const entry = join(dir, 'abcd1234');
    expect((await stat(entry)).mode & 0o777).toBe(0o700);
    const names = (await readdir(entry)).sort();
    expect(names).toEqual([
      'agent.json',
      'agent_host_key.pub',
      'agent_to_shell_key.pub',
      'shell_to_agent_key',
      'shell_to_agent_key.pub',
    ]);
    for (const name of names) expect((await stat(join(entry, name))).mode & 0o777, name).toBe(0o600);
    expect(await scanAgents(dir)).toEqual({ agents: [record], damaged: [] });
    expect(await loadCredentials('abcd1234', dir)).toEqual({
      privateKey: KEY_1,
      hostKey: publicBlobOf(PUBLIC_1),
      agentPublicKey: publicBlobOf(PUBLIC_2),
    });
    expect(await readFile(join(entry, 'shell_to_agent_key.pub'), 'utf8')).toMatch(
      /^ssh-ed25519 \S+ convocate-shell\n$/,
    );
  });

  test('again mends what differs and leaves the private key alone', async () => {
    await registerAgent(record, material, dir);
    await writeFile(knownHostsFileOf('abcd1234', dir), 'kept');
    const before = await stat(join(dir, 'abcd1234', 'shell_to_agent_key'));
    const { user: _user, ...bare } = record;
    const moved = { ...bare, host: 'renamed', address: '10.0.0.2' };
    await registerAgent(moved, { ...material, hostPublicKey: PUBLIC_2 }, dir);
    expect(await scanAgents(dir)).toEqual({ agents: [moved], damaged: [] });
    expect((await loadCredentials('abcd1234', dir)).hostKey).toEqual(publicBlobOf(PUBLIC_2));
    const now = await stat(join(dir, 'abcd1234', 'shell_to_agent_key'));
    expect({ ino: now.ino, mtimeMs: now.mtimeMs }).toEqual({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await readFile(knownHostsFileOf('abcd1234', dir), 'utf8')).toBe('kept');
  });

  test("keeps the pin of the host's sshd in the same step, and takes another one when it is given", async () => {
    for (const knownHosts of ['agent-a ssh-ed25519 AAAA\n', 'agent-a ssh-ed25519 BBBB\n']) {
      await registerAgent(record, { ...material, knownHosts }, dir);
      expect(await readFile(knownHostsFileOf('abcd1234', dir), 'utf8')).toBe(knownHosts);
    }
    expect((await stat(knownHostsFileOf('abcd1234', dir))).mode & 0o777).toBe(0o600);
  });

  test('with another private key is refused before anything is changed', async () => {
    await registerAgent(record, material, dir);
    const other = { ...material, shellToAgentPrivateKey: KEY_2, hostPublicKey: PUBLIC_2 };
    await expect(registerAgent({ ...record, port: 9 }, other, dir)).rejects.toThrow(RefusedError);
    expect(await scanAgents(dir)).toEqual({ agents: [record], damaged: [] });
    expect((await loadCredentials('abcd1234', dir)).hostKey).toEqual(publicBlobOf(PUBLIC_1));
  });

  test('replaces a private key that is damaged, and files that are missing', async () => {
    await registerAgent(record, material, dir);
    await writeFile(join(dir, 'abcd1234', 'shell_to_agent_key'), 'cut off');
    await rm(join(dir, 'abcd1234', 'agent.json'));
    await registerAgent(record, material, dir);
    expect(await scanAgents(dir)).toEqual({ agents: [record], damaged: [] });
    expect((await loadCredentials('abcd1234', dir)).privateKey).toBe(KEY_1);
  });

  test('leaves nothing behind when it fails', async () => {
    await expect(registerAgent(record, { ...material, hostPublicKey: 'no key' }, dir)).rejects.toThrow();
    await expect(readdir(dir)).rejects.toThrow('ENOENT');
  });

  test.each(['', '..', '../abcd1', 'ABCD1234', 'abcd12345'])('takes no id %j', async (agentId) => {
    await expect(registerAgent({ ...record, agentId }, material, dir)).rejects.toThrow('not an agent id');
    expect(() => knownHostsFileOf(agentId, dir)).toThrow('not an agent id');
  });
});

describe('reading', () => {
  test('no directory means no agents', async () => {
    expect(await scanAgents(dir)).toEqual({ agents: [], damaged: [] });
    expect(await findAgent('agent-a', dir)).toBeUndefined();
  });

  test.each([
    ['agent.json', '{', /abcd1234\/agent\.json is damaged/],
    ['agent.json', JSON.stringify({ ...record, agentId: 'zzzzzzzz' }), /it is the record of zzzzzzzz/],
    ['agent.json', JSON.stringify({ ...record, port: 0 }), /agent\.json is damaged/],
  ])('a damaged %s is told by its name, and hides no other agent', async (file, content, message) => {
    await registerAgent(record, material, dir);
    await registerAgent({ ...record, agentId: 'bbbbbbbb', host: 'agent-b' }, material, dir);
    await writeFile(join(dir, 'abcd1234', file), content);
    const { agents, damaged } = await scanAgents(dir);
    expect(agents.map(({ agentId }) => agentId)).toEqual(['bbbbbbbb']);
    expect(damaged.map(({ agentId }) => agentId)).toEqual(['abcd1234']);
    expect(damaged[0]?.error).toBeInstanceOf(OperationError);
    expect(damaged[0]?.error.message).toMatch(message);
    expect((await findAgent('agent-b', dir))?.agentId).toBe('bbbbbbbb');
    await expect(findAgent('agent-a', dir)).rejects.toThrow(message);
  });

  test('a missing key is told by its name', async () => {
    await registerAgent(record, material, dir);
    await rm(join(dir, 'abcd1234', 'agent_host_key.pub'));
    await expect(loadCredentials('abcd1234', dir)).rejects.toThrow(
      /agent_host_key\.pub is damaged: it is missing/,
    );
  });

  test('other things in the directory are passed over', async () => {
    await mkdir(join(dir, '.abcd1234.x.tmp'), { recursive: true });
    await writeFile(join(dir, 'README'), '');
    expect(await scanAgents(dir)).toEqual({ agents: [], damaged: [] });
  });

  test('an agent is found by id, host, or user and host; a name given twice is refused', async () => {
    await registerAgent(record, material, dir);
    for (const name of ['abcd1234', 'agent-a', 'root@agent-a'])
      expect(await findAgent(name, dir)).toEqual(record);
    expect(await findAgent('agent', dir)).toBeUndefined();
    await registerAgent({ ...record, agentId: 'bbbbbbbb' }, material, dir);
    await expect(findAgent('agent-a', dir)).rejects.toThrow('registered more than once');
    expect((await findAgent('bbbbbbbb', dir))?.agentId).toBe('bbbbbbbb');
  });
});
