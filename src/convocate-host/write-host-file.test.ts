import { expect, test } from 'vitest';
import { fakeHost } from '../host-access/fake-host.ts';
import { WRITE_FILE, scriptArgv } from './host-scripts.ts';
import { writeHostFile } from './write-host-file.ts';

test('a file for a host goes over stdin, never in the argv', async () => {
  const argv = scriptArgv(WRITE_FILE, '/etc/x', '600');
  const host = fakeHost('agent-a', [
    { argv, input: 'secret', answer: { stdout: 'changed\n' } },
    { argv, input: 'secret', answer: { stdout: 'same\n' } },
  ]);
  expect(await writeHostFile(host, '/etc/x', 'secret', '600')).toBe(true);
  expect(await writeHostFile(host, '/etc/x', 'secret', '600')).toBe(false);
});
