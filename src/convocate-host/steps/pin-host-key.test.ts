import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exitOf, startProcess } from '../../base/run-command.ts';
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

describe('a host that was never seen', () => {
  /** An ssh that is shown this key, as the real one writes it down. */
  const SSH = `#!/bin/sh
for word; do case $word in UserKnownHostsFile=*) printf '%s' '${line}' >"\${word#*=}" ;; esac; done
exit 255
`;
  const ASK = `
import { errorWords, exitCodeOf } from '${new URL('../../base/report-error.ts', import.meta.url).pathname}';
import { pinHostKey } from '${new URL('pin-host-key.ts', import.meta.url).pathname}';
try {
  console.log((await pinHostKey('agent-a', undefined, undefined)).text);
} catch (error) {
  console.log(errorWords(error));
  process.exitCode = exitCodeOf(error);
}
`;

  /** On a terminal of its own, as an operator sees it. */
  async function asked(answer: string): Promise<{ exitCode: number; stdout: string }> {
    await mkdir(join(directory, 'bin'));
    await writeFile(join(directory, 'bin/ssh'), SSH, { mode: 0o755 });
    const env = { ...process.env, ASK, PATH: `${join(directory, 'bin')}:${process.env['PATH']}` };
    const argv = ['script', '-qec', `exec ${process.execPath} --input-type=module -e "$ASK"`, '/dev/null'];
    const child = startProcess(argv, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    let stdout = '';
    let isAnswered = false;
    child.stdout?.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
      if (isAnswered || !stdout.includes('[y/N]')) return;
      isAnswered = true;
      child.stdin?.write(answer);
    });
    return { exitCode: await exitOf(child), stdout };
  }

  test.each([
    ['yes', 'y\r'],
    ['YES', 'YES\r'],
  ])('is pinned after %s', async (_word, answer) => {
    const { exitCode, stdout } = await asked(answer);
    expect(stdout).toContain(`agent-a shows the ed25519 host key ${fingerprint}`);
    expect(stdout).toContain(line.trim());
    expect(exitCode).toBe(0);
  });

  test.each([
    ['no', 'n\r'],
    ['nothing', '\r'],
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('is not after %s, which is a refusal', async (_word, answer) => {
    const { exitCode, stdout } = await asked(answer);
    expect(stdout).toMatch(
      /error: the host key was not accepted; nothing was changed\r\n {2}host: {4}agent-a/,
    );
    expect(exitCode).toBe(3);
  });
});
