import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainRefusal, knownHostsLine, pinnedKeyOf } from './host-key.ts';

test('a pin gives back its key', () => {
  expect(pinnedKeyOf(knownHostsLine('agent-a', 'ssh-ed25519 AAAA'))).toBe('ssh-ed25519 AAAA');
  expect(() => pinnedKeyOf('agent-a ssh-rsa AAAA\n')).toThrow(TypeError);
});

test.each([['missing'], [''], ['agent-a ssh-ed25519\n']])(
  'a pin that is %j, as an init-agent that was killed may leave it, is told with what mends it',
  async (text) => {
    const directory = await mkdtemp(join(tmpdir(), 'convocate-host-key-'));
    try {
      const file = join(directory, 'known_hosts');
      if (text !== 'missing') await writeFile(file, text);
      expect(await explainRefusal('agent-a', file, 'Host key verification failed.')).toMatchObject({
        name: 'RefusedError',
        exit: 3,
        details: { host: 'agent-a', output: file, hint: expect.stringContaining('init-agent') as string },
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
