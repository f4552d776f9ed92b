// convocate as the login shell of claude, behind the real sshd of a shell host: what a person gets, what a script gets, and how
// everything that wants another shell is answered.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { freshLab } from './support/fresh-lab.ts';
import { buildRelease } from './support/releases.ts';
import { Terminal } from './support/terminal.ts';

const version = 'v0.8.95';
const loginShell = '/usr/local/bin/convocate';
/** Below what the system itself greets a login with. */
const noSessions = /^S +NAME +AGENT/m;
const cronSays = '/home/claude/said-by-cron';

let lab: Lab;
let shell: Machine;
let program: string;

interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** OpenSSH's own client on the machine itself, as root, whose key claude's account takes. */
async function ssh(flags: readonly string[], command: readonly string[] = [], term = 'xterm'): Promise<Said> {
  const argv = ['ssh', '-o', 'BatchMode=yes', ...flags, 'claude@localhost', ...command];
  return await shell.exec(argv, { env: { TERM: term }, timeoutMs: 60_000 });
}

async function passwdShell(): Promise<string> {
  return (await shell.run(['getent', 'passwd', 'claude'])).stdout.trim().split(':')[6] ?? '';
}

beforeAll(async () => {
  const tree = await buildRelease({ version });
  lab = await freshLab({ name: 'login-test', agents: 0 });
  shell = lab.shell;
  expect(await installTree(lab, tree)).toContain(
    `the login shell of claude is ${loginShell} now; it was /bin/bash`,
  );
  program = `/opt/convocate/${version}/build/convocate`;
  await shell.run(['convocate-host', 'init-shell']);
  await shell.writeFile('/etc/cron.d/as-claude', `* * * * * claude ${loginShell} version > ${cronSays}\n`);
  const key = await shell.readFile('/root/.ssh/id_ed25519.pub');
  await shell.run(['install', '-d', '-m', '0700', '-o', 'claude', '-g', 'claude', '/home/claude/.ssh']);
  await shell.writeFile('/home/claude/.ssh/authorized_keys', key, { mode: '0600', owner: 'claude' });
  await shell.writeFile('/root/.ssh/known_hosts', `localhost ${await shell.sshHostKey()}\n`);
}, 15 * 60_000);

afterAll(() => lab?.close());

describe('who logs in', () => {
  test('on a terminal is in convocate', async () => {
    const argv = ['ssh', '-o', 'BatchMode=yes', '-tt', 'claude@localhost'];
    await using terminal = await Terminal.open(shell, { name: 'login', argv });
    await terminal.waitFor(/0\/0 agents[^]*convocate-host init-agent --host/);
    await terminal.type('q');
    await terminal.waitFor(/ended: 0/);
  });

  test.each([
    ['without a terminal', ['-T'], 'xterm'],
    ['on one that can draw nothing', ['-tt'], 'dumb'],
  ])('%s gets the list, and is let go', async (_, flags, term) => {
    const { exitCode, stdout } = await ssh(flags, [], term);
    expect(stdout).toMatch(noSessions);
    expect(exitCode).toBe(0);
  });
});

describe('a command over ssh', () => {
  test('of ours runs as if it was typed here: output, exit code, quotes', async () => {
    const listed = await ssh([], ['convocate ls --json']);
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(listed.stdout)).toEqual({ agents: [], sessions: [] });
    expect((await ssh([], ['convocate', 'version'])).stdout).toBe(`${version}\n`);
    const missing = await ssh([], [`convocate kill "no 'such' session"`]);
    expect(missing).toMatchObject({ exitCode: 3, stdout: '' });
    expect(missing.stderr).toContain(`there is no session "no 'such' session"`);
  });

  test.each([
    'ls -l /',
    'bash',
    'convocate ls; touch /tmp/was-here',
    'convocate ls > /tmp/was-here',
    'convocate ls $(touch /tmp/was-here)',
    'scp -t /tmp/was-here',
    'rsync --server -e.LsfxCIvu . /tmp/was-here',
    "git-upload-pack '/srv/x.git'",
  ])('%s is refused: exit 3, words on stderr, nothing on stdout', async (command) => {
    const { exitCode, stdout, stderr } = await ssh([], [command]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toMatch(/^error: this account runs /);
    expect(stderr).toMatch(/\n {2}next: .*another account, on port 22/);
    expect((await shell.exec(['test', '-e', '/tmp/was-here'])).exitCode).toBe(1);
  });

  test.each([
    [
      'scp',
      ['scp', '-B', '/etc/hostname', 'claude@localhost:/tmp/was-here'],
      /was-here.*: Permission denied/,
    ],
    [
      'scp from it',
      ['scp', '-B', 'claude@localhost:/etc/hostname', '/tmp/was-here'],
      /hostname.*Permission denied/,
    ],
    [
      'sftp',
      ['sftp', '-b', '/dev/null', 'claude@localhost'],
      /this account runs convocate and nothing else[^]*to copy files, log in as root or with another/,
    ],
    [
      'scp of the old protocol',
      ['scp', '-B', '-O', '/etc/hostname', 'claude@localhost:/tmp/was-here'],
      /error: this account runs convocate and nothing else[^]*to copy files, log in as root or with another/,
    ],
  ])('%s fails at once, and copies nothing', async (_, argv, says) => {
    const { exitCode, stderr } = await shell.exec(argv, { timeoutMs: 30_000 });
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(says);
    expect((await shell.exec(['test', '-e', '/tmp/was-here'])).exitCode).toBe(1);
  });
});

describe('what goes on as before', () => {
  test.each([
    ['sudo', ['sudo', '-u', 'claude', 'convocate', 'version']],
    ['runuser', ['runuser', '-u', 'claude', '--', 'convocate', 'version']],
    ['su with a command', ['su', '-', 'claude', '-c', 'convocate version']],
    ['no environment at all', ['env', '-i', loginShell, 'version']],
  ])('%s', async (_, argv) => {
    expect(await shell.exec(argv)).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    ['su -', ['su', '-', 'claude']],
    ['sudo -i', ['sudo', '-i', '-u', 'claude']],
  ])('%s without a terminal gets the list', async (_, argv) => {
    const { exitCode, stdout } = await shell.exec(argv);
    expect(stdout).toMatch(noSessions);
    expect(exitCode).toBe(0);
  });

  test('the status service', async () => {
    const { stdout } = await shell.run(['systemctl', 'is-active', 'convocate-status.service']);
    expect(stdout).toBe('active\n');
  });

  test('cron', async () => {
    const said = await pollUntil(async () => (await shell.exec(['cat', cronSays])).stdout || undefined, {
      timeoutMs: 150_000,
      intervalMs: 1_000,
      what: 'a line from cron',
    });
    expect(said).toBe(`${version}\n`);
  });
});

describe('what install leaves behind', () => {
  test('the shell is one of the shells of this host, once', async () => {
    const shells = (await shell.readFile('/etc/shells')).split('\n');
    expect(shells.filter((line) => line === loginShell)).toHaveLength(1);
  });

  test('bash finds the completion by itself, and it asks the service', async () => {
    const script = `source /usr/share/bash-completion/bash_completion
      _completion_loader convocate
      COMP_WORDS=(convocate bac) COMP_CWORD=1
      _convocate convocate
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect((await shell.run(['bash', '-c', script])).stdout).toBe('background\n');
  });

  test('--no-login-shell leaves the shell alone and is remembered, --login-shell is the way back', async () => {
    await shell.run(['usermod', '--shell', '/bin/sh', 'claude']);
    for (const flags of [['--no-login-shell'], []]) {
      expect((await shell.run([program, 'install', ...flags])).stdout).not.toContain('login shell');
      expect(await passwdShell()).toBe('/bin/sh');
    }
    expect((await shell.run([program, 'install', '--login-shell'])).stdout).toContain('it was /bin/sh');
    expect(await passwdShell()).toBe(loginShell);
    expect((await shell.run([program, 'install'])).stdout).not.toContain('login shell');
  });
});
