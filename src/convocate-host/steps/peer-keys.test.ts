import { beforeEach, expect, test, vi } from 'vitest';
import { registerAgent } from '../../cluster/register-agent.ts';
import { scanAgents } from '../../cluster/registry.ts';
import { shellKeyFor } from '../../cluster/shell-key.ts';
import { fakeHost } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { statusHostKey } from '../cluster-keys.ts';
import { WRITE_FILE, scriptArgv } from '../host-scripts.ts';
import { addressOf } from '../open-host.ts';
import { rolloutOn } from '../rollout-fixture.ts';
import { peerKeys } from './peer-keys.ts';

vi.mock(import('../../cluster/registry.ts'), async (original) => ({
  ...(await original()),
  scanAgents: vi.fn(),
}));
vi.mock('../../cluster/register-agent.ts');
vi.mock('../../cluster/shell-key.ts');
vi.mock('../cluster-keys.ts');
vi.mock('../open-host.ts');
beforeEach(() => {
  vi.mocked(scanAgents).mockResolvedValue({ agents: [], damaged: [] });
  vi.mocked(shellKeyFor).mockResolvedValue({ privateKey: 'private', publicLine: 'ssh-ed25519 ours' });
  vi.mocked(statusHostKey).mockResolvedValue('ssh-ed25519 status');
  vi.mocked(addressOf).mockResolvedValue('10.0.0.2');
});

const wordsOf = (host: string): string => `{"host":"${host}","port":223,"host_key":"ssh-ed25519 old"}`;
const same = { stdout: 'same\n' };

/** init-agent on a host whose file says that; it has to be told to dial `address`. */
async function exchange(
  file: string | undefined,
  address: string,
  shellHost?: string,
  pin?: string,
): Promise<string[]> {
  const text = JSON.stringify({ host: address, port: 223, host_key: 'ssh-ed25519 status' }, null, 2);
  const host = fakeHost('agent-a', [
    { argv: ['cat', AGENT_HOST.agentIdFile], answer: { stdout: 'abcd1234\n' } },
    { argv: ['ssh-keygen', '-y', '-f', AGENT_HOST.statusKeyFile], answer: { stdout: 'theirs\n' } },
    { argv: ['ssh-keygen', '-y', '-f', AGENT_HOST.hostKeyFile], answer: { stdout: 'host\n' } },
    {
      argv: scriptArgv(WRITE_FILE, AGENT_HOST.authorizedKeysFile, '600'),
      input: 'ssh-ed25519 ours\n',
      answer: same,
    },
    {
      argv: ['cat', AGENT_HOST.shellHostFile],
      answer: file === undefined ? { exitCode: 1 } : { stdout: file },
    },
    { argv: scriptArgv(WRITE_FILE, AGENT_HOST.shellHostFile, '600'), input: `${text}\n`, answer: same },
  ]);
  const rollout = rolloutOn({ ...host, clientAddress: '10.0.0.1' });
  await peerKeys(rollout, { user: undefined, shellHost, pin });
  await host.close();
  host.assertDone();
  return rollout.said;
}

test.each([
  ['where none was given', undefined, '10.0.0.1', undefined],
  ['given once', wordsOf('shell.example'), 'shell.example', undefined],
  ['given anew', wordsOf('shell.example'), 'other.example', 'other.example'],
])('the agent dials the address %s', async (_what, file, address, given) => {
  expect(await exchange(file, address, given)).toEqual([]);
});

test.each([
  ['{"host":"shell.exam', '10.0.0.1', undefined],
  ['', '10.0.0.1', undefined],
  ['{"port":223}', '10.0.0.1', undefined],
  ['null', 'other.example', 'other.example'],
])('a damaged file, which init-agent is to mend, does not stop it: %j', async (file, address, given) => {
  expect(await exchange(file, address, given)).toEqual([
    `warn ${AGENT_HOST.shellHostFile} was damaged; the agent is told to dial ${address}`,
  ]);
});

test("the pin of the host's sshd is part of the entry: one without it could not be updated", async () => {
  const pin = 'agent-a ssh-ed25519 AAAA\n';
  await exchange(undefined, '10.0.0.1', undefined, pin);
  expect(registerAgent).toHaveBeenCalledWith(
    expect.objectContaining({ agentId: 'abcd1234' }),
    expect.objectContaining({ knownHosts: pin }),
  );
});
