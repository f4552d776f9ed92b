// One contract for every kind of Host: the fake that unit tests use, this box, and a real sshd over a loopback address.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Docker } from '../../lab/docker.ts';
import { openEngine } from '../../lab/engine.ts';
import { ensureMachineImage } from '../../lab/images.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { OperationError, RefusedError } from '../../src/base/errors.ts';
import { runChecked, runCommand, startProcess } from '../../src/base/run-command.ts';
import { type ExpectedCall, type ExpectedStart, fakeHost } from '../../src/host-access/fake-host.ts';
import type { Host } from '../../src/host-access/host.ts';
import { askHostKey, knownHostsLine } from '../../src/host-access/host-key.ts';
import { openLocalHost } from '../../src/host-access/local-host.ts';
import { openSshHost } from '../../src/host-access/ssh-host.ts';
import { fingerprintOfLine } from '../../src/protocol/public-key.ts';

const container = `convocate-test-sshd-${randomUUID().slice(0, 8)}`;
let directory: string;
let docker: Docker;
let address: string;
let hostKey: string;
let knownHostsFile: string;
let agent: ReturnType<typeof startProcess>;
const before = process.env['SSH_AUTH_SOCK'];

/** A machine image has sshd, and the users root, ops (with sudo) and nosudo; here it runs sshd and nothing else. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-sshd-'));
  const socket = join(directory, 'agent');
  agent = startProcess(['ssh-agent', '-D', '-a', socket], { stdio: 'ignore' });
  process.env['SSH_AUTH_SOCK'] = socket; // the operator's agent: our code has no key of its own
  await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')]);
  const added = async (): Promise<true | undefined> => {
    const result = await runCommand(['ssh-add', '-q', join(directory, 'key')]);
    return result.exitCode === 0 ? true : undefined;
  };
  await pollUntil(added, { timeoutMs: 10_000, intervalMs: 50, what: 'ssh-agent' });

  docker = (await openEngine()).docker;
  const { tag } = await ensureMachineImage(docker, 'bookworm');
  const publicKey = await runChecked(['cat', join(directory, 'key.pub')]);
  const boot = [
    'set -e; mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key',
    'for home in /root /home/ops /home/nosudo; do printf "%s" "$1" > $home/.ssh/authorized_keys; chown $(stat -c %u:%g $home) $home/.ssh/authorized_keys; chmod 600 $home/.ssh/authorized_keys; done',
    'exec /usr/sbin/sshd -D -e',
  ].join('\n');
  const label = ['--label', 'convocate.test=sshd'];
  await docker.run([
    'run',
    '--detach',
    '--init',
    '--name',
    container,
    ...label,
    '--entrypoint',
    'sh',
    tag,
    '-c',
    boot,
    'boot',
    publicKey,
  ]);
  address = await docker.run(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', container]);
  await pollUntil(
    () =>
      askHostKey(address).then(
        (key) => {
          hostKey = key.publicKey;
          return true as const;
        },
        () => undefined,
      ),
    { timeoutMs: 30_000, intervalMs: 100, what: 'sshd' },
  );
  knownHostsFile = join(directory, 'known_hosts');
  await writeFile(knownHostsFile, knownHostsLine(address, hostKey));
});

afterAll(async () => {
  await docker?.exec(['rm', '--force', '--volumes', container]);
  agent?.kill('SIGTERM');
  if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
  else process.env['SSH_AUTH_SOCK'] = before;
  await rm(directory, { recursive: true, force: true });
});

const ssh = (user = 'root', file = knownHostsFile): Promise<Host> =>
  openSshHost({ host: address, user, knownHostsFile: file });

type Open = (script: readonly (ExpectedCall | ExpectedStart)[]) => Promise<Host>;
const KINDS: readonly (readonly [string, Open])[] = [
  ['a fake host', async (script) => fakeHost('a-fake', script)],
  ['this machine', async () => openLocalHost()],
  ['a host behind sshd, as root', () => ssh()],
  ['a host behind sshd, by sudo', () => ssh('ops')],
];

describe.each(KINDS)('%s', (_kind, open) => {
  const ODD = ['', 'two words', "it's", '$(id)', '`id`', '*', '\\', '"', 'a\nb', 'ä', '-n', '~', '#', '!'];

  test('answers with exit code, stdout and stderr', async () => {
    const argv = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
    await using host = await open([{ argv, answer: { exitCode: 3, stdout: 'out\n', stderr: 'err\n' } }]);
    expect(await host.run(argv)).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('gives every argument as it is', async () => {
    const argv = ['printf', '%s|', ...ODD];
    await using host = await open([{ argv, answer: { stdout: ODD.map((word) => `${word}|`).join('') } }]);
    expect(await host.check(argv)).toBe(ODD.map((word) => `${word}|`).join(''));
  });

  test('runs as root', async () => {
    await using host = await open([{ argv: ['id', '-u'], answer: { stdout: '0\n' } }]);
    expect(await host.check(['id', '-u'])).toBe('0\n');
  });

  test('takes text, bytes and streams on stdin; without any, stdin is empty', async () => {
    const cat = ['cat'];
    const script = ['text ä', 'bytes', 'streamed'].map((input) => ({
      argv: cat,
      input,
      answer: { stdout: input },
    }));
    await using host = await open([...script, { argv: cat, input: '' }]);
    expect(await host.check(cat, { input: 'text ä' })).toBe('text ä');
    expect(await host.check(cat, { input: Buffer.from('bytes') })).toBe('bytes');
    expect(await host.check(cat, { input: Readable.from([Buffer.from('stre'), Buffer.from('amed')]) })).toBe(
      'streamed',
    );
    expect(await host.check(cat)).toBe('');
  });

  test('tells a failure of a checked command with host, command, exit code and last words', async () => {
    const argv = ['sh', '-c', 'echo out; echo " bad " >&2; exit 4'];
    await using host = await open([{ argv, answer: { exitCode: 4, stdout: 'out\n', stderr: ' bad \n' } }]);
    const error = await host.check(argv).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({
      message: 'sh failed',
      exit: 1,
      details: { host: host.name, argv, exitCode: 4, output: 'bad' },
    });
  });

  test('holds a process that speaks, hears, and ends when its stdin does', async () => {
    const argv = ['sh', '-c', 'echo ready; while read -r line; do echo "heard $line"; done; exit 5'];
    await using host = await open([{ start: argv, prints: ['ready'] }]);
    const running = await host.start(argv);
    expect(await running.firstLine(10_000)).toBe('ready');
    running.say('something\n');
    const { stdout } = await running.finish();
    expect(stdout.split('\n')[0]).toBe('ready');
    expect((await running.ended).stdout).toBe(stdout);
  });

  test('feeds a process as fast as it reads, and tells its lines while it runs', async () => {
    const argv = ['sh', '-c', 'read -r a; echo "one $a"; read -r b; echo "two $b"; cat >/dev/null; exit 7'];
    const answers = (bytes: number): string => (bytes === 2 ? 'one x' : 'two y');
    await using host = await open([{ start: argv, answers, finishesWith: { exitCode: 7 } }]);
    const running = await host.start(argv);
    const lines: string[] = [];
    running.onLine((line) => lines.push(line));
    const until = async (count: number): Promise<void> =>
      void (await pollUntil(async () => (lines.length === count ? true : undefined), {
        timeoutMs: 10_000,
        intervalMs: 5,
        what: `${count} lines`,
      }));
    await running.write(Buffer.from('x\n'));
    await until(1);
    await running.write(Buffer.from('y\n'));
    await until(2);
    expect(lines).toEqual(['one x', 'two y']);
    for (let piece = 0; piece < 40; piece += 1) await running.write(Buffer.alloc(64 * 1024, 'z'));
    expect((await running.finish(20_000)).exitCode).toBe(7);
    await running.write(Buffer.from('nobody reads this')); // and nobody waits for it
    const later: string[] = [];
    running.onLine((line) => later.push(line));
    expect(later.slice(0, 2)).toEqual(['one x', 'two y']);
  });

  test('says that a started process ended without a line', async () => {
    const argv = ['sh', '-c', 'echo bad >&2; exit 6'];
    await using host = await open([{ start: argv, endsWith: { exitCode: 6, stderr: 'bad\n' } }]);
    const running = await host.start(argv);
    expect(await running.firstLine(10_000)).toBe(undefined);
    expect(await running.ended).toEqual({ exitCode: 6, stdout: '', stderr: 'bad\n' });
  });

  test('has a second way in that outlives the first', async () => {
    const first = await open([
      { argv: ['true'] },
      { argv: ['echo', 'still here'], answer: { stdout: 'still here\n' } },
    ]);
    await using second = await first.reconnect();
    await first.run(['true']);
    await first.close();
    expect(await second.check(['echo', 'still here'])).toBe('still here\n');
    expect(second.name).toBe(first.name);
  });

  test('may be closed twice', async () => {
    const host = await open([]);
    await host.close();
    await host.close();
  });
});

const cut = async (): Promise<true | undefined> => {
  const result = await docker.exec(['exec', container, 'pkill', '--full', 'sshd: root@notty']);
  return result.exitCode === 0 ? true : undefined;
};

describe('over ssh', () => {
  test('the host tells from which address we came', async () => {
    await using host = await ssh();
    const gateway = await docker.run(['inspect', '--format', '{{.NetworkSettings.Gateway}}', container]);
    expect(host.clientAddress).toBe(gateway);
  });

  test('an exit code of 255 is the command’s own while the connection stands', async () => {
    await using host = await ssh();
    expect((await host.run(['sh', '-c', 'exit 255'])).exitCode).toBe(255);
  });

  test('a command that a signal ended says so, and is not taken for a lost connection', async () => {
    await using host = await ssh();
    expect((await host.run(['sh', '-c', 'kill -KILL $$'])).exitCode).toBe(137);
    expect((await host.run(['sh', '-c', 'kill -SEGV $$'])).exitCode).toBe(139);
  });

  test('the key a host shows is the one its sshd has', async () => {
    const own = await docker.run(['exec', container, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub']);
    const shown = await askHostKey(address);
    expect(shown).toEqual({
      publicKey: own.split(' ').slice(0, 2).join(' '),
      fingerprint: fingerprintOfLine(own),
    });
  });

  test('a key that is not the pinned one is refused, and both are shown', async () => {
    const other = join(directory, 'other_hosts');
    await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'other')]);
    const line = await runChecked(['cat', join(directory, 'other.pub')]);
    await writeFile(other, knownHostsLine(address, line.split(' ').slice(0, 2).join(' ')));
    const error = await ssh('root', other).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({
      message: "the host's SSH key is not the one that was pinned when it was set up; nothing was changed",
      details: { output: `pinned:    ${fingerprintOfLine(line)}\npresented: ${fingerprintOfLine(hostKey)}` },
    });
  });

  test('a login that fails is told apart from a changed key', async () => {
    await expect(ssh('nobody')).rejects.toMatchObject({
      message: 'cannot log in over SSH; nothing was changed',
      exit: 3,
    });
  });

  test('a user who cannot become root is refused', async () => {
    const error = await ssh('nosudo').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: 'user nosudo cannot become root without a password; nothing was changed',
      exit: 3,
    });
  });

  test('a login that greets, as by a line of its .bashrc, is let do so', async () => {
    const inside = (line: string): Promise<string> => docker.run(['exec', container, 'sh', '-c', line]);
    await inside(
      'echo "echo Welcome to agent-a" >/root/.bashrc.new; cat /root/.bashrc >>/root/.bashrc.new; mv /root/.bashrc.new /root/.bashrc',
    );
    try {
      await using host = await ssh();
      expect(host.clientAddress).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect((await host.run(['sh', '-c', 'echo "$0" >&2', 'ran'])).stderr).toBe('ran\n');
    } finally {
      await inside('sed -i "/Welcome to agent-a/d" /root/.bashrc');
    }
  });

  test('an account that runs no command is told as that', async () => {
    await docker.run(['exec', container, 'usermod', '--shell', '/usr/sbin/nologin', 'nosudo']);
    try {
      await expect(ssh('nosudo')).rejects.toMatchObject({
        message: 'the login over SSH ran no command; nothing was changed',
        exit: 3,
        details: { output: expect.stringContaining('This account is currently not available') as string },
      });
    } finally {
      await docker.run(['exec', container, 'usermod', '--shell', '/bin/bash', 'nosudo']);
    }
  });

  test('what the operator’s configuration says of host keys and of what is run counts for nothing', async () => {
    const config = [
      `KnownHostsCommand /bin/echo ${address} ${hostKey}`,
      'VerifyHostKeyDNS yes',
      'RemoteCommand echo something else',
      'RequestTTY force',
      'UseKeychain yes', // what another system's ssh knows
    ];
    await writeFile(join(directory, 'config'), `IgnoreUnknown UseKeychain\n${config.join('\n')}\n`);
    const wrapper = `#!/bin/sh\nexec /usr/bin/ssh -F ${join(directory, 'config')} "$@"\n`;
    await mkdir(join(directory, 'bin'));
    await writeFile(join(directory, 'bin/ssh'), wrapper, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${join(directory, 'bin')}:${path}`;
    try {
      expect((await askHostKey(address)).publicKey).toBe(hostKey);
      {
        await using host = await ssh('ops');
        expect(await host.check(['id', '-u'])).toBe('0\n');
      }
      const pinned = join(directory, 'wrong_hosts');
      await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'wrong')]);
      const wrong = (await runChecked(['cat', join(directory, 'wrong.pub')]))
        .split(' ')
        .slice(0, 2)
        .join(' ');
      await writeFile(pinned, knownHostsLine(address, wrong));
      await expect(ssh('root', pinned)).rejects.toThrow('is not the one that was pinned');
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('a host that does not answer is refused, with what to check', async () => {
    const nowhere = join(directory, 'nowhere_hosts');
    await writeFile(nowhere, knownHostsLine('nowhere.invalid', hostKey));
    const error = await openSshHost({ host: 'nowhere.invalid', knownHostsFile: nowhere }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ message: 'cannot connect, so its host key cannot be seen', exit: 3 });
  });

  test('nothing is left of a connection that was closed, nor of one that was refused', async () => {
    const pattern = `ControlPath=${join(tmpdir(), 'convocate-ssh-')}.*${address}`;
    const masters = async (): Promise<true | undefined> =>
      (await runCommand(['pgrep', '-f', pattern])).exitCode === 1 ? true : undefined;
    await (await ssh()).close();
    await ssh('nosudo').catch(() => {});
    await pollUntil(masters, {
      timeoutMs: 5_000,
      intervalMs: 50,
      what: 'the end of the ssh master',
    });
  });

  test('a connection that is lost is told as such, with what to do', async () => {
    await using host = await ssh();
    const lost = expect(host.run(['sleep', '60'])).rejects.toMatchObject({
      message: 'the SSH connection was lost',
      exit: 1,
    });
    await pollUntil(cut, { timeoutMs: 10_000, intervalMs: 50, what: 'the session on the host' });
    await lost;
  });
});
