import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadlineError } from '../base/deadline.ts';
import { OperationError } from '../base/errors.ts';
import { type CommandResult, runCommand } from '../base/run-command.ts';
import type { Host } from './host.ts';
import { openLocalHost } from './local-host.ts';
import { openSshHost } from './ssh-host.ts';

// Commands that take too long, without the time that they take: only the commands named here come to an end.
vi.mock(import('../base/run-command.ts'), async (real) => ({ ...(await real()), runCommand: vi.fn() }));

const answer = (stdout: string): CommandResult => ({ exitCode: 0, stdout, stderr: '' });
const target = { host: 'agent-a', knownHostsFile: '/nonexistent' };
const openOverSsh = (): Promise<Host> => openSshHost(target);

beforeEach(() => {
  vi.mocked(runCommand).mockImplementation(async (argv, { timeoutMs = 60_000 } = {}) => {
    if (argv.includes('-N') || argv.includes('exit')) return answer('');
    if (argv.at(-1)?.includes('sudo -n true')) return answer('root root 10.0.0.1\n');
    throw new DeadlineError(argv[0] ?? '', timeoutMs);
  });
});
afterEach(() => vi.resetAllMocks());

const late = (argv: readonly string[], host: string, seconds: number): unknown => ({
  message: `the host did not finish a command within ${seconds} s`,
  exit: 1,
  details: { host, argv, hint: expect.stringContaining('overloaded') as string },
});

test.each([
  ['this machine', 'local', async () => openLocalHost()],
  ['a host behind sshd', 'agent-a', openOverSsh],
])('%s tells a command that takes too long with host, command and what to do', async (_kind, name, open) => {
  await using host = await open();
  const argv = ['docker', 'info'];
  for (const ask of ['run', 'check'] as const) {
    const error = await host[ask](argv, { timeoutMs: 2_000 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject(late(argv, name, 2) as object);
  }
});

test('a login that hangs is told the same way', async () => {
  vi.mocked(runCommand).mockImplementation(async (argv) => {
    if (argv.includes('exit')) return answer('');
    throw new DeadlineError('ssh', 30_000);
  });
  await expect(openOverSsh()).rejects.toMatchObject(late(['ssh', 'agent-a'], 'agent-a', 30) as object);
});

test('a connection whose master does not answer any more is a lost one', async () => {
  await using host = await openOverSsh();
  const usual = vi.mocked(runCommand).getMockImplementation();
  vi.mocked(runCommand).mockImplementation(async (argv, options) =>
    argv.at(-1)?.endsWith(' true') === true
      ? { exitCode: 255, stdout: '', stderr: '' }
      : ((await usual?.(argv, options)) ?? answer('')),
  );
  await expect(host.run(['true'])).rejects.toThrow('the SSH connection was lost');
});
