import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askHostKey } from '../../host-access/host-key.ts';
import { fingerprintOfLine } from '../../protocol/public-key.ts';
import { pinHostKey } from './pin-host-key.ts';

vi.mock(import('../../host-access/host-key.ts'), async (original) => ({
  ...(await original()),
  askHostKey: vi.fn(),
}));

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA';
const fingerprint = fingerprintOfLine(publicKey);
const line = `agent-a ${publicKey}\n`;

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-pin-test-'));
  file = join(directory, 'known_hosts');
  vi.mocked(askHostKey).mockResolvedValue({ publicKey, fingerprint });
});
afterEach(async () => {
  vi.resetAllMocks();
  await rm(directory, { recursive: true, force: true });
});

test('a pin that was kept is used, and the host not asked', async () => {
  await writeFile(file, line);
  for (const given of [undefined, fingerprint]) {
    const { text, knownHostsFile } = await pinHostKey('agent-a', file, given);
    expect(text).toBe(line);
    expect(await readFile(knownHostsFile, 'utf8')).toBe(line);
  }
  expect(askHostKey).not.toHaveBeenCalled();
});

test.each(['', 'agent-a ssh-ed25519\n', 'agent-a ssh-rsa AAAA\n'])(
  'a pin that is damaged, %j, is none: the key has to be vouched for again',
  async (damaged) => {
    await writeFile(file, damaged);
    expect((await pinHostKey('agent-a', file, fingerprint)).text).toBe(line);
    expect(askHostKey).toHaveBeenCalledWith('agent-a');
  },
);
