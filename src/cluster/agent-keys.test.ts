import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateKeyPair, publicBlobOf } from '../ssh/keys.ts';
import { AgentKeys } from './agent-keys.ts';
import { registerAgent } from './register-agent.ts';

const shell = generateKeyPair('shell');
const first = generateKeyPair('first');
const second = generateKeyPair('second');
const FIRST = publicBlobOf(first.publicKey);
const SECOND = publicBlobOf(second.publicKey);
const NOBODY = publicBlobOf(shell.publicKey);

let dir: string;
let read: string[];
let keys: AgentKeys;

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'convocate-agent-keys-')), 'agent-keys');
  read = [];
  keys = new AgentKeys(dir, async (file) => {
    read.push(file);
    return await readFile(file, 'utf8');
  });
});
afterEach(async () => {
  await rm(join(dir, '..'), { recursive: true, force: true });
});

const fileOf = (agentId: string): string => join(dir, agentId, 'agent_to_shell_key.pub');

async function register(agentId: string, agentToShellPublicKey: string): Promise<void> {
  const record = {
    agentId,
    host: agentId,
    address: '10.0.0.1',
    port: 222,
    registeredAt: '2026-01-01T00:00:00Z',
  };
  const material = { shellToAgentPrivateKey: shell.privateKey, hostPublicKey: shell.publicKey };
  await registerAgent(record, { ...material, agentToShellPublicKey }, dir);
}

test('a key names its agent, whatever is damaged beside it', async () => {
  expect(await keys.identify(FIRST)).toBeUndefined(); // no registry yet
  await register('abcd1234', first.publicKey);
  await mkdir(join(dir, 'aaaaaaaa'));
  await register('bbbbbbbb', second.publicKey);
  await writeFile(fileOf('bbbbbbbb'), 'cut off');
  expect(await keys.identify(FIRST)).toBe('abcd1234');
  expect(await keys.identify(SECOND)).toBeUndefined();
});

test('questions about keys that nobody has read no file twice', async () => {
  await register('abcd1234', first.publicKey);
  await register('bbbbbbbb', second.publicKey);
  for (let count = 0; count < 5; count += 1) expect(await keys.identify(NOBODY)).toBeUndefined();
  expect(read.sort()).toEqual([fileOf('abcd1234'), fileOf('bbbbbbbb')]);
});

test('a key that was added or replaced is known at the next question, the old one no more', async () => {
  await register('abcd1234', first.publicKey);
  expect(await keys.identify(SECOND)).toBeUndefined();
  await register('abcd1234', second.publicKey);
  expect(await keys.identify(SECOND)).toBe('abcd1234');
  expect(await keys.identify(FIRST)).toBeUndefined();
  await register('bbbbbbbb', first.publicKey);
  expect(await keys.identify(FIRST)).toBe('bbbbbbbb');
});

test("a key that was taken out is nobody's at once, with its entry or in its file", async () => {
  await register('abcd1234', first.publicKey);
  expect(await keys.identify(FIRST)).toBe('abcd1234');
  await rm(join(dir, 'abcd1234'), { recursive: true });
  expect(await keys.identify(FIRST)).toBeUndefined();

  await register('bbbbbbbb', second.publicKey);
  expect(await keys.identify(SECOND)).toBe('bbbbbbbb');
  await writeFile(fileOf('bbbbbbbb'), `#${second.publicKey}`);
  expect(await keys.identify(SECOND)).toBeUndefined();
});
