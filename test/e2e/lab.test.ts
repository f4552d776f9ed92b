// The lab's own promises: that its machines behave as hosts do, that its faults are real, and that it leaves nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { baseImageTag } from '../../lab/base-image.ts';
import { openEngine } from '../../lab/engine.ts';
import { type Lab, openLab, reopenLab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { engineName, filterArgs } from '../../lab/naming.ts';
import { removeLab } from '../../lab/remove.ts';
import { diffSnapshots, snapshotHost } from '../../lab/snapshot.ts';
import { pollUntil } from '../../src/base/deadline.ts';

const labName = 'lab-test';
const firstBuildMs = 15 * 60_000;
const slowTestMs = 120_000;
const mebibyte = 1024 ** 2;

let lab: Lab;
let shell: Machine;
let agent: Machine;

/** ssh as an operator would run it, with a deadline and with nothing said about host keys. */
function ssh(login: string, ...command: string[]): string[] {
  return ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', login, ...command];
}

async function transferMs(command: string, input: string | Uint8Array): Promise<number> {
  const startedAt = Date.now();
  await shell.run(ssh('ops@agent-a', command), { input });
  return Date.now() - startedAt;
}

/** What is labelled with this lab's name on the engine. */
async function leftovers(name: string): Promise<string[]> {
  const { docker } = lab.engine;
  const filters = filterArgs(name);
  return [
    ...(await docker.lines(['ps', '--all', '--quiet', ...filters])),
    ...(await docker.lines(['volume', 'ls', '--quiet', ...filters])),
    ...(await docker.lines(['network', 'ls', '--quiet', ...filters])),
  ];
}

beforeAll(async () => {
  const { docker } = await openEngine();
  // What a killed run of this test left behind.
  await removeLab(docker, labName);
  lab = await openLab({ name: labName, agents: 1 });
  shell = lab.shell;
  agent = lab.agent(0);
}, firstBuildMs);

afterAll(() => lab?.close(), slowTestMs);

describe('a machine', () => {
  test('has booted systemd without a failed unit', async () => {
    expect((await agent.exec(['systemctl', 'is-system-running'])).stdout.trim()).toBe('running');
    expect((await agent.run(['systemctl', '--failed', '--no-legend'])).stdout).toBe('');
    expect((await agent.run(['cat', '/proc/1/comm'])).stdout.trim()).toBe('systemd');
  });

  test('runs what a host of ours has, and not dnsmasq', async () => {
    const units = ['docker.service', 'ssh.service', 'rsyslog.service', 'cron.service'];
    expect((await agent.run(['systemctl', 'is-active', ...units])).stdout).toBe('active\n'.repeat(4));
    expect((await agent.exec(['systemctl', 'is-enabled', 'dnsmasq'])).stdout.trim()).toBe('disabled');
    const tools = [
      'sudo',
      'make',
      'git',
      'debootstrap',
      'jq',
      'zstd',
      'tc',
      'tmux',
      'logrotate',
      'ssh',
      'ssh-keygen',
    ];
    await agent.run(['which', ...tools]);
  });

  test('keeps a deadline inside the machine, not only at the client', async () => {
    await expect(agent.run(['sleep', '4321'], { timeoutMs: 500 })).rejects.toThrow(
      'still running after 500 ms',
    );
    expect((await agent.exec(['pgrep', '--full', 'slee[p] 4321'])).exitCode).toBe(1);
  });

  test('reports a failed command with its argv and output', async () => {
    const failing = agent.run(['ls', '/no such place']);
    await expect(failing).rejects.toThrow(
      /lab-test-agent-a: ls \/no such place\nexited with 2\n.*No such file/s,
    );
  });

  test('passes input, user, directory and environment on', async () => {
    expect((await agent.run(['cat'], { input: 'a\0b' })).stdout).toBe('a\0b');
    expect((await agent.run(['pwd'], { user: 'ops', cwd: '/home/ops' })).stdout).toBe('/home/ops\n');
    expect((await agent.run(['printenv', 'WORD'], { env: { WORD: "it's $HOME" } })).stdout).toBe(
      "it's $HOME\n",
    );
  });

  test.each(['root', 'claude'])('is the same for %s whichever way a command came in', async (user) => {
    if (user === 'claude') await shell.run(['useradd', '--create-home', '--shell', '/bin/bash', user]);
    const show = ['sh', '-c', 'id; pwd; env | grep -vE "^(PWD|SHLVL|_)=" | sort'];
    const visit = { user, cwd: '/tmp', env: { WORD: "it's $HOME" } };
    const short = await shell.run(show, visit);
    expect(short.stdout).toContain("WORD=it's $HOME");
    // With input it is the engine that goes in.
    expect(short.stdout).toBe((await shell.run(show, { ...visit, input: '' })).stdout);
  });

  test('gives a spawned program a terminal when asked', async () => {
    const child = agent.spawn(['sh', '-c', 'tty; read -r word; echo "got $word"'], { tty: true });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin?.end('hello\n');
    await new Promise((resolve) => child.once('close', resolve));
    expect(output).toContain('/dev/pts/');
    expect(output).toContain('got hello');
  });

  test('takes files and directories, with modes', async () => {
    const local = mkdtempSync(join(tmpdir(), 'lab-copy-'));
    try {
      writeFileSync(join(local, 'tool'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
      await agent.copyIn(local, '/run/copied');
      expect((await agent.run(['/run/copied/tool'])).stdout).toBe('ran\n');
      await agent.copyIn(join(local, 'tool'), '/usr/local/bin/renamed-tool');
      expect((await agent.run(['stat', '--format=%a %U', '/usr/local/bin/renamed-tool'])).stdout).toBe(
        '755 root\n',
      );
      await agent.writeFile('/etc/lab-test/secret', Buffer.from([0, 255]), { mode: '0600', owner: 'ops' });
      expect((await agent.run(['stat', '--format=%a %U', '/etc/lab-test/secret'])).stdout).toBe('600 ops\n');
      expect(await agent.readBytes('/etc/lab-test/secret')).toEqual(Buffer.from([0, 255]));
    } finally {
      rmSync(local, { recursive: true });
    }
  });
});

describe('ssh', () => {
  test('checks host keys: an unknown host is refused, a pinned one is not', async () => {
    const unknown = await shell.exec(ssh('ops@agent-a', 'true'));
    expect(unknown.exitCode).toBe(255);
    expect(unknown.stderr).toContain('Host key verification failed');
    await shell.writeFile('/root/.ssh/known_hosts', `agent-a ${await agent.sshHostKey()}\n`);
    expect((await shell.run(ssh('ops@agent-a', 'hostname'))).stdout).toBe('agent-a\n');
    expect((await shell.run(ssh('ops@agent-a', 'sudo -n id -u'))).stdout).toBe('0\n');
    expect((await shell.run(ssh('root@agent-a', 'id -u'))).stdout).toBe('0\n');
    expect((await shell.exec(ssh('nosudo@agent-a', 'sudo -n true'))).exitCode).toBe(1);
  });

  test('shows the fingerprint that the machine says it has, its own and nobody else’s', async () => {
    const { stdout } = await shell.run([
      'sh',
      '-c',
      'ssh-keyscan -t ed25519 lab-test-agent-a 2>/dev/null | ssh-keygen -lf -',
    ]);
    expect(stdout.split(' ')[1]).toBe(await agent.sshHostFingerprint());
    expect(await agent.sshHostFingerprint()).not.toBe(await shell.sshHostFingerprint());
  });

  test('refuses after the host key was swapped, and takes the old one back', async () => {
    const before = await agent.sshHostFingerprint();
    await agent.swapHostKey();
    expect(await agent.sshHostFingerprint()).not.toBe(before);
    const refused = await shell.exec(ssh('ops@agent-a', 'true'));
    expect(refused.stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
    await agent.restoreHostKey();
    expect(await agent.sshHostFingerprint()).toBe(before);
    await shell.run(ssh('ops@agent-a', 'true'));
  });
});

describe('the Docker inside', () => {
  test('runs an image loaded from the lab, in a slice whose limit holds', async () => {
    await agent.loadImage(baseImageTag('bookworm'));
    await agent.writeFile('/etc/systemd/system/lab-test.slice', '[Slice]\nMemoryMax=64M\n');
    await agent.run(['systemctl', 'daemon-reload']);
    const base = [
      'docker',
      'run',
      '--rm',
      '--network=none',
      '--cgroup-parent=lab-test.slice',
      baseImageTag('bookworm'),
    ];
    expect((await agent.run([...base, 'echo', 'inside'])).stdout).toBe('inside\n');
    // tail keeps the whole of an endless line in memory.
    expect((await agent.exec([...base, 'tail', '/dev/zero'])).exitCode).toBe(137);
  });

  test(
    'keeps images and files through a power cut, and loses what ran',
    async () => {
      const container = (
        await agent.run(['docker', 'run', '-d', '--network=none', baseImageTag('bookworm'), 'sleep', '900'])
      ).stdout;
      await agent.writeFile('/home/ops/work', 'precious');
      const fingerprint = await agent.sshHostFingerprint();
      const machineId = await agent.readFile('/etc/machine-id');
      await agent.run(['sync']);
      await agent.powerCut();
      expect((await shell.exec(ssh('ops@agent-a', 'true'))).exitCode).toBe(255);
      await agent.powerOn();
      expect(await agent.readFile('/home/ops/work')).toBe('precious');
      expect(await agent.readFile('/etc/machine-id')).toBe(machineId);
      expect(await agent.sshHostFingerprint()).toBe(fingerprint);
      await shell.run(ssh('ops@agent-a', 'true'));
      const state = await agent.run(['docker', 'inspect', '--format={{.State.Status}}', container.trim()]);
      expect(state.stdout).toBe('exited\n');
      expect((await agent.exec(['systemctl', 'is-system-running'])).stdout.trim()).toBe('running');
    },
    slowTestMs,
  );
});

describe('the network', () => {
  test(
    'is silent in a partition, through a power cut too, and open connections outlive a short one',
    async () => {
      const address = await agent.address();
      const session = shell.spawn(ssh('ops@agent-a', 'cat'), { input: '' });
      let echoed = '';
      session.stdout?.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
      session.stdin?.write('before ');
      await vi.waitFor(() => expect(echoed).toBe('before '), 5000);
      await agent.partition();
      session.stdin?.write('after');
      const refused = await shell.exec(ssh('ops@agent-a', 'true'));
      expect(refused.stderr).toContain('Connection timed out');
      expect((await agent.exec(['ping', '-c1', '-W1', await shell.address()])).exitCode).toBe(1);
      expect(echoed).toBe('before ');
      await agent.rejoin();
      await vi.waitFor(() => expect(echoed).toBe('before after'), 20_000);
      session.stdin?.end();

      await agent.partition();
      await agent.powerCut();
      await agent.powerOn();
      expect((await shell.exec(['ping', '-c1', '-W1', address])).exitCode).toBe(1);
      await agent.rejoin();
      expect((await agent.run(['hostname', '--all-ip-addresses'])).stdout.split(' ')).toContain(address);
      await shell.run(ssh('ops@agent-a', 'true'));
    },
    slowTestMs,
  );

  test(
    'is as slow as it is told to be, both ways',
    async () => {
      const sentMs = async (): Promise<number> =>
        transferMs('cat > /dev/null', Buffer.alloc(2 * mebibyte, 1));
      // 2 MiB at 8 Mbit/s are 2.1 s.
      const limitedMs = 1700;
      await agent.limitBandwidth('8mbit');
      expect(await sentMs()).toBeGreaterThan(limitedMs);
      expect(await transferMs(`head -c ${2 * mebibyte} /dev/zero`, '')).toBeGreaterThan(limitedMs);
      await agent.unlimit();
      // Any one that beats the limit shows that there is none; a single try would also measure how busy this box is.
      const faster = async (): Promise<true | undefined> => ((await sentMs()) < limitedMs ? true : undefined);
      await pollUntil(faster, {
        timeoutMs: 60_000,
        intervalMs: 500,
        what: 'a transfer faster than the limit',
      });
    },
    slowTestMs,
  );
});

describe('a small disk', () => {
  test(
    'is full for real, keeps what was there, and stays through a power cut',
    async () => {
      await agent.writeFile('/usr/local/lib/kept/file', 'kept');
      await agent.mountSmallDisk(['/usr/local/lib'], 32 * mebibyte);
      expect(await agent.readFile('/usr/local/lib/kept/file')).toBe('kept');
      await agent.fillDisk('/usr/local/lib', mebibyte);
      const write = ['dd', 'if=/dev/zero', 'of=/usr/local/lib/kept/large', 'bs=1M', 'count=4'];
      const full = await agent.exec(write);
      expect(full.exitCode).toBe(1);
      expect(full.stderr).toContain('No space left on device');
      await agent.powerCut();
      await agent.powerOn();
      expect((await agent.exec(write)).stderr).toContain('No space left on device');
      await agent.freeDisk('/usr/local/lib');
      await agent.run(write);
    },
    slowTestMs,
  );

  test(
    'under Docker makes a load fail, and a later one succeed',
    async () => {
      await shell.mountSmallDisk(['/var/lib/docker'], 512 * mebibyte);
      await shell.fillDisk('/var/lib/docker', 20 * mebibyte);
      await expect(shell.loadImage(baseImageTag('bookworm'))).rejects.toThrow('no space left on device');
      await shell.freeDisk('/var/lib/docker');
      await shell.loadImage(baseImageTag('bookworm'));
      await shell.powerCut();
      await shell.powerOn();
      await shell.run(['docker', 'run', '--rm', '--network=none', baseImageTag('bookworm'), 'true']);
    },
    slowTestMs,
  );

  test('is asked for before anything is filled', async () => {
    await expect(agent.fillDisk('/home', 0)).rejects.toThrow('mountSmallDisk first');
  });
});

describe('a snapshot', () => {
  test('is equal when nothing happened, and names each thing that did', async () => {
    const before = await snapshotHost(agent);
    expect(diffSnapshots(before, await snapshotHost(agent))).toEqual([]);
    await agent.writeFile('/etc/passing', 'by');
    await agent.run(['rm', '/etc/passing']);
    await agent.writeFile('/var/lib/convocate-agent/sessions/one.json', '{}');
    await agent.run(['systemctl', 'stop', 'cron.service']);
    const lines = diffSnapshots(before, await snapshotHost(agent)).map((line) => line.split(': ')[0]);
    expect(lines).toEqual([
      'changed  file /etc',
      'new      file /var/lib/convocate-agent',
      'new      file /var/lib/convocate-agent/sessions',
      'new      file /var/lib/convocate-agent/sessions/one.json',
      'changed  unit cron.service',
    ]);
  });
});

describe('a lab', () => {
  test('is found again by name', async () => {
    const again = await reopenLab(labName);
    expect(again.machines.map((machine) => machine.name)).toEqual(['lab-test-shell', 'lab-test-agent-a']);
    expect(again.agent(0).identity).toEqual(agent.identity);
  });

  test(
    'leaves nothing when closed',
    async () => {
      {
        await using other = await openLab({ name: 'lab-test-2', agents: 1 });
        expect((await leftovers(other.name)).length).toBe(5);
      }
      expect(await leftovers('lab-test-2')).toEqual([]);
    },
    slowTestMs,
  );

  test(
    'leaves nothing when its boot fails half way',
    async () => {
      const { docker } = lab.engine;
      // Its agent's name is taken: the shell boots, the agent cannot.
      const blocker = engineName('lab-test-3', 'agent-a');
      await docker.run(['create', `--name=${blocker}`, baseImageTag('bookworm')]);
      try {
        await expect(openLab({ name: 'lab-test-3', agents: 1 })).rejects.toThrow('is already in use');
        expect(await leftovers('lab-test-3')).toEqual([]);
      } finally {
        await docker.run(['rm', blocker]);
      }
    },
    slowTestMs,
  );
});
