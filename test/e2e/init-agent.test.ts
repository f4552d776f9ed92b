// `convocate-host init-agent`: whom it trusts at first contact, that a second run changes nothing, that it mends whatever has
// drifted, and what the host is afterwards: limits, cron, hardening, and who may read what.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { containerNameOf } from '../../src/protocol/host-layout.ts';
import { initAgent, installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots } from '../../lab/snapshot.ts';
import { freshLab } from './support/fresh-lab.ts';
import { expectNothingChanged, expectRefusal } from './support/refusal.ts';
import { buildRelease, liveRelease, wholly } from './support/releases.ts';
import { runUpdate } from './support/rollout-run.ts';
import { expectStillCounting, installStandIn, standInState } from './support/session-stand-in.ts';
import { killSession, newSession, restartSession, waitUntilShellSees } from './support/sessions.ts';
import {
  apartFromTimes,
  sessionContainers,
  survivorsOfAgent,
  survivorsOfShell,
} from './support/survivors.ts';
import { Terminal } from './support/terminal.ts';

const labName = 'init-agent-test';
const version = 'v0.8.20';
const nextVersion = 'v0.8.21';
const laterVersion = 'v0.8.22';
const setUpMs = 15 * 60_000;
const agentUnit = 'convocate-agent.service';
const slice = 'convocate-sessions.slice';

let lab: Lab;
let shell: Machine;
let agentA: Machine;
let agentB: Machine;
let session: string;

const initArgv = (host: string, ...extra: string[]): string[] => [
  ...['convocate-host', 'init-agent', '--host', host, '--user', 'ops', '--soak', '1s', ...extra],
];

async function idOf(host: string): Promise<string> {
  const { stdout } = await shell.run(['convocate-host', 'status', '--json']);
  const agents = JSON.parse(stdout) as { agent_id: string; host: string }[];
  const found = agents.find((agent) => agent.host === host);
  if (!found) throw new Error(`${host} is not registered: ${stdout}`);
  return found.agent_id;
}

async function property(machine: Machine, unit: string, ...names: string[]): Promise<string[]> {
  const { stdout } = await machine.run([
    'systemctl',
    'show',
    unit,
    ...names.map((name) => `--property=${name}`),
  ]);
  return stdout.trim().split('\n').toSorted();
}

/** A time as systemd writes it: "900ms", "1.800000s", "1min 3.6s". */
function secondsOf(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60 };
  const parts = [...text.matchAll(/([\d.]+)(ms|s|min)\b/g)];
  return parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (units[unit] ?? Number.NaN), 0);
}

interface Report {
  readonly items: readonly { readonly item: string; readonly state: string; readonly detail?: string }[];
}

/** What `install --check` finds, asked by the release's own path: the link may be what has drifted. */
async function drift(machine: Machine): Promise<{ exitCode: number; items: string[] }> {
  const argv = ['/usr/local/lib/convocate/current/convocate-agent', 'install', '--check', '--json'];
  const { exitCode, stdout } = await machine.exec(argv);
  const { items } = JSON.parse(stdout) as Report;
  return { exitCode, items: items.filter((item) => item.state === 'drift').map((item) => item.item) };
}

async function waitForDocker(machine: Machine): Promise<void> {
  const answers = async (): Promise<true | undefined> =>
    (await machine.exec(['docker', 'info'])).exitCode === 0 ? true : undefined;
  await pollUntil(answers, { timeoutMs: 60_000, intervalMs: 200, what: 'Docker' });
}

beforeAll(async () => {
  const tree = await buildRelease({ version });
  lab = await freshLab({ name: labName, agents: 2 });
  shell = lab.shell;
  agentA = lab.agent(0);
  agentB = lab.agent(1);
  await installTree(lab, tree);
  await shell.run(['convocate-host', 'init-shell']);
}, setUpMs);

afterAll(() => lab?.close());

describe('first contact', () => {
  test('without a terminal it shows the fingerprint and refuses', async () => {
    const fingerprint = await agentA.sshHostFingerprint();
    await expectNothingChanged([shell, agentA], () =>
      expectRefusal(shell, initArgv('agent-a'), {
        host: 'agent-a',
        says: [/never seen before/, `presented: ${fingerprint}`],
        next: `--host-key ${fingerprint}`,
      }),
    );
  });

  test('another --host-key than the host shows is refused', async () => {
    const [own, other] = [await agentA.sshHostFingerprint(), await agentB.sshHostFingerprint()];
    await expectNothingChanged([shell, agentA], () =>
      expectRefusal(shell, initArgv('agent-a', '--host-key', other), {
        host: 'agent-a',
        says: [`given:     ${other}`, `presented: ${own}`],
        next: /ssh-keygen -lf/,
      }),
    );
  });

  test('on a terminal it asks, and "n" refuses', async () => {
    const fingerprint = await agentA.sshHostFingerprint();
    await expectNothingChanged([shell, agentA], async () => {
      await using terminal = await Terminal.open(shell, { name: 'says-no', argv: initArgv('agent-a') });
      await terminal.waitFor(/Pin it\? \[y\/N\]/);
      expect(await terminal.screen()).toContain(fingerprint);
      await terminal.type('n', 'Enter');
      await terminal.waitFor(/^ended: 3$/m);
      expect(await terminal.screen()).toMatch(
        /error: the host key was not accepted; nothing was changed\n.*agent-a\n.*next: /,
      );
    });
  });

  test('on a terminal it asks, and "y" goes on to an agent that answers, with the key pinned', async () => {
    await using terminal = await Terminal.open(shell, { name: 'says-yes', argv: initArgv('agent-a') });
    await terminal.waitFor(/Pin it\? \[y\/N\]/);
    await terminal.type('y', 'Enter');
    await terminal.waitFor(/^ended: 0$/m, 180_000);
    const id = (await agentA.readFile('/etc/convocate-agent/agent-id')).trim();
    expect(id).toMatch(/^[a-z0-9]{8}$/);
    expect(await terminal.screen()).toContain(`ready: agent ${id} answers as ${version}`);
    const pin = await shell.readFile(`/etc/convocate/agent-keys/${id}/known_hosts`);
    expect(pin).toBe(`agent-a ${await agentA.sshHostKey()}\n`);
  });

  test('a second agent, with the fingerprint given', async () => {
    await initAgent(lab, agentB);
    expect(await liveRelease(agentB)).toEqual(wholly(version));
    await waitUntilShellSees(shell, ['agent-a', 'agent-b']);
    expect(await idOf('agent-a')).not.toBe(await idOf('agent-b'));
  });
});

describe('a second run', () => {
  beforeAll(async () => {
    await installStandIn(agentA);
    session = await newSession(shell, 'agent-a', 'work');
    await standInState(agentA, session);
  });

  test('changes no key, no id, no registry entry, and restarts nothing', async () => {
    const look = async (): Promise<unknown> => [
      await property(agentA, agentUnit, 'MainPID', 'ActiveEnterTimestampMonotonic', 'NRestarts'),
      await property(agentA, 'docker.service', 'MainPID'),
      await property(shell, 'convocate-status.service', 'MainPID'),
    ];
    const processes = await look();
    const [onAgent, onShell] = [await survivorsOfAgent(agentA), await survivorsOfShell(shell)];
    const counting = await standInState(agentA, session);

    const { stdout } = await shell.run(initArgv('agent-a'));

    expect(stdout).not.toMatch(/put right|restarting|daemon-reload|warning/);
    expect(await look()).toEqual(processes);
    expect(diffSnapshots(apartFromTimes(onAgent), apartFromTimes(await survivorsOfAgent(agentA)))).toEqual(
      [],
    );
    expect(diffSnapshots(onShell, await survivorsOfShell(shell))).toEqual([]);
    await expectStillCounting(agentA, session, counting);
  });

  test('on a host that is another agent now, as after a rebuild, is refused before anything changes', async () => {
    const id = await idOf('agent-b');
    await agentB.run(['mv', '/etc/convocate-agent/agent-id', '/root/agent-id']);
    await expectNothingChanged([shell, agentB], () =>
      expectRefusal(shell, initArgv('agent-b'), {
        host: 'agent-b',
        says: [`registered as agent ${id}, but the host's agent id is none`],
        next: `/etc/convocate/agent-keys/${id}`,
      }),
    );
    await agentB.run(['mv', '/root/agent-id', '/etc/convocate-agent/agent-id']);
  });

  test('mends a damaged registry entry, and keeps the key that is in it', async () => {
    const id = await idOf('agent-a');
    const entry = `/etc/convocate/agent-keys/${id}`;
    const whole = JSON.parse(await shell.readFile(`${entry}/agent.json`)) as Record<string, unknown>;
    const files = ['shell_to_agent_key', 'agent_host_key.pub', 'known_hosts'];
    const look = (): Promise<string[]> =>
      Promise.all(files.map((file) => shell.readFile(`${entry}/${file}`)));
    const before = await look();
    await shell.writeFile(`${entry}/agent.json`, '{', { mode: '0600' });

    const { stdout } = await shell.run(initArgv('agent-a', '--host-key', await agentA.sshHostFingerprint()));

    expect(stdout).toContain(`${entry}/agent.json is damaged`);
    expect(stdout).toContain(`ready: agent ${id} answers as ${version}`);
    expect(JSON.parse(await shell.readFile(`${entry}/agent.json`))).toEqual({
      ...whole,
      registeredAt: expect.any(String) as string,
    });
    expect(await look()).toEqual(before);
    await waitUntilShellSees(shell, ['agent-a', 'agent-b']);
  });

  test('mends all that has drifted, and touches no key, no id and no session', async () => {
    const before = apartFromTimes(await survivorsOfAgent(agentA));
    const onShell = await survivorsOfShell(shell);
    const limits = await property(agentA, slice, 'CPUQuotaPerSecUSec', 'MemoryMax');
    const unitText = await agentA.readFile(`/etc/systemd/system/${agentUnit}`);
    const counting = await standInState(agentA, session);
    expect(await drift(agentA)).toEqual({ exitCode: 0, items: [] });

    const config = JSON.parse(await agentA.readFile('/etc/docker/daemon.json')) as Record<string, unknown>;
    await agentA.writeFile('/etc/docker/daemon.json', JSON.stringify({ ...config, 'live-restore': false }));
    await agentA.run(['systemctl', 'reload', 'docker.service']);
    await agentA.run(['sed', '-i', 's/^Restart=always/Restart=no/', `/etc/systemd/system/${agentUnit}`]);
    const squeeze = ['-e', 's/^CPUQuota=.*/CPUQuota=10%/', '-e', 's/^MemoryMax=.*/MemoryMax=999999488/'];
    await agentA.run(['sed', '-i', ...squeeze, `/etc/systemd/system/${slice}`]);
    await agentA.run(['systemctl', 'daemon-reload']);
    expect(await property(agentA, slice, 'CPUQuotaPerSecUSec', 'MemoryMax')).toEqual([
      'CPUQuotaPerSecUSec=100ms',
      'MemoryMax=999999488',
    ]);
    await agentA.run(['rm', '/etc/cron.daily/convocate-image-prune', '/usr/local/bin/convocate-agent']);
    const keys = ['/etc/convocate-agent/host_key', '/etc/convocate-agent/agent_to_shell_key'];
    await agentA.run(['chmod', '644', ...keys]);
    await agentA.run(['chmod', '666', '/etc/convocate-agent/authorized_keys']);

    const found = await drift(agentA);
    expect(found.exitCode).toBe(1);
    expect(found.items.toSorted()).toEqual(
      [
        'docker live-restore',
        `/etc/systemd/system/${agentUnit}`,
        `/etc/systemd/system/${slice}`,
        '/etc/cron.daily/convocate-image-prune',
        '/usr/local/bin/convocate-agent',
        ...keys,
      ].toSorted(),
    );

    const { stdout } = await shell.run(initArgv('agent-a'));

    for (const item of found.items) expect(stdout).toMatch(new RegExp(`${item}: .*; put right`));
    expect(await drift(agentA)).toEqual({ exitCode: 0, items: [] });
    expect(await property(agentA, slice, 'CPUQuotaPerSecUSec', 'MemoryMax')).toEqual(limits);
    expect(await agentA.readFile(`/etc/systemd/system/${agentUnit}`)).toBe(unitText);
    expect(await property(agentA, agentUnit, 'Restart', 'ActiveState')).toEqual([
      'ActiveState=active',
      'Restart=always',
    ]);
    expect((await agentA.run(['docker', 'info', '--format', '{{.LiveRestoreEnabled}}'])).stdout).toBe(
      'true\n',
    );
    expect(JSON.parse(await agentA.readFile('/etc/docker/daemon.json'))).toEqual(config);
    expect(diffSnapshots(before, apartFromTimes(await survivorsOfAgent(agentA)))).toEqual([]);
    expect(diffSnapshots(onShell, await survivorsOfShell(shell))).toEqual([]);
    await expectStillCounting(agentA, session, counting);
  });

  // Docker goes on with it until its next restart, so Docker's own word is not enough.
  test('puts live-restore back where it is gone from daemon.json alone', async () => {
    const config = JSON.parse(await agentA.readFile('/etc/docker/daemon.json')) as Record<string, unknown>;
    const { 'live-restore': _gone, ...others } = config;
    await agentA.writeFile('/etc/docker/daemon.json', JSON.stringify(others));
    expect(await drift(agentA)).toEqual({ exitCode: 1, items: ['docker live-restore'] });
    await shell.run(initArgv('agent-a'));
    expect(JSON.parse(await agentA.readFile('/etc/docker/daemon.json'))).toEqual(config);
  });

  // Docker does not start where it is told by a flag and by the file.
  test('leaves daemon.json alone where live-restore is on by an option that only the process shows', async () => {
    const text = await agentA.readFile('/etc/docker/daemon.json');
    const { 'live-restore': _gone, ...others } = JSON.parse(text) as Record<string, unknown>;
    const restart = (): Promise<unknown> =>
      agentA.run(['sh', '-c', 'systemctl reset-failed docker.service; systemctl restart docker.service']);
    await agentA.writeFile('/etc/docker/daemon.json', JSON.stringify(others));
    await agentA.writeFile('/etc/default/docker', 'DOCKER_OPTS="--live-restore"\n');
    try {
      await restart();
      expect(await drift(agentA)).toEqual({ exitCode: 0, items: [] });
      await shell.run(initArgv('agent-a'));
      expect(JSON.parse(await agentA.readFile('/etc/docker/daemon.json'))).toEqual(others);
    } finally {
      await agentA.run(['rm', '/etc/default/docker']);
      await agentA.writeFile('/etc/docker/daemon.json', text);
      await restart();
    }
    expect(await drift(agentA)).toEqual({ exitCode: 0, items: [] });
  });

  // As after a run that was cut off between the writing of a unit and the reload.
  test('reloads systemd where a unit is right on disk and systemd goes by another text', async () => {
    const limits = await property(agentA, slice, 'CPUQuotaPerSecUSec', 'MemoryMax');
    const path = `/etc/systemd/system/${slice}`;
    const text = await agentA.readFile(path);
    await agentA.writeFile(path, text.replace(/^CPUQuota=.*$/m, 'CPUQuota=10%'));
    await agentA.run(['systemctl', 'daemon-reload']);
    await agentA.writeFile(path, text);
    expect(await property(agentA, slice, 'CPUQuotaPerSecUSec')).toEqual(['CPUQuotaPerSecUSec=100ms']);
    expect(await drift(agentA)).toEqual({ exitCode: 1, items: ['systemctl daemon-reload'] });
    await shell.run(initArgv('agent-a'));
    expect(await property(agentA, slice, 'CPUQuotaPerSecUSec', 'MemoryMax')).toEqual(limits);
  });
});

describe('what the host is afterwards', () => {
  test('the slice holds 90 % of the host, and sessions run in it', async () => {
    const cores = Number((await agentA.run(['grep', '-c', '^processor', '/proc/cpuinfo'])).stdout);
    const memoryKib = Number(/^MemTotal: +(\d+) kB/m.exec(await agentA.readFile('/proc/meminfo'))?.[1]);
    const [quota, memory] = await property(agentA, slice, 'CPUQuotaPerSecUSec', 'MemoryMax');
    expect(secondsOf(quota?.split('=')[1] ?? '')).toBeCloseTo(cores * 0.9, 6);
    // systemd counts memory in whole pages.
    const most = memoryKib * 1024 * 0.9;
    expect(Number(memory?.split('=')[1])).toBeGreaterThan(most - 4097);
    expect(Number(memory?.split('=')[1])).toBeLessThanOrEqual(most);

    const pid = ['docker', 'inspect', '--format', '{{.State.Pid}}', containerNameOf(session)];
    const groups = await agentA.readFile(`/proc/${(await agentA.run(pid)).stdout.trim()}/cgroup`);
    expect(groups).toMatch(/\/convocate\.slice\/convocate-sessions\.slice\/docker-[0-9a-f]{64}\.scope$/m);
  });

  test.each(['systemctl restart docker', 'kill -9 of dockerd'])('sessions live through %s', async (how) => {
    const before = await sessionContainers(agentA);
    expect(before).toHaveLength(1);
    const counting = await standInState(agentA, session);
    const [pidBefore] = await property(agentA, 'docker.service', 'MainPID');
    if (how.startsWith('kill')) await agentA.run(['kill', '-9', pidBefore?.split('=')[1] ?? '']);
    else await agentA.run(['systemctl', 'restart', 'docker.service']);
    await waitForDocker(agentA);
    expect(await property(agentA, 'docker.service', 'MainPID')).not.toEqual([pidBefore]);
    expect(await sessionContainers(agentA)).toEqual(before);
    const { stdout } = await agentA.run(['docker', 'exec', containerNameOf(session), 'echo', 'still here']);
    expect(stdout).toBe('still here\n');
    await expectStillCounting(agentA, session, counting);
  });

  test.each([
    { host: 'agent-a', unit: agentUnit, most: 2.8 },
    { host: 'shell', unit: 'convocate-status.service', most: 1.9 },
  ])('$unit has an exposure of no more than $most, as the guide says', async ({ host, unit, most }) => {
    const { stdout } = await lab.machine(host).run(['systemd-analyze', 'security', '--no-pager', unit]);
    const exposure = new RegExp(`exposure level for ${unit}: ([\\d.]+)`).exec(stdout)?.[1];
    expect(Number(exposure)).toBeLessThanOrEqual(most);
  });

  test('no private file of the cluster can be read by claude', async () => {
    const find = ['find', '/etc/convocate', '-type', 'f', '-not', '-name', 'install.json'];
    const files = (await shell.run(find)).stdout.split('\n').filter((path) => path !== '');
    const secrets = files.filter((path) => path.includes('/agent-keys/') || path.endsWith('_key'));
    expect(secrets.length).toBeGreaterThanOrEqual(14);
    for (const path of secrets) {
      expect((await shell.exec(['cat', path], { user: 'claude' })).exitCode, path).toBe(1);
    }
    expect((await shell.exec(['ls', '/etc/convocate/agent-keys'], { user: 'claude' })).exitCode).toBe(2);
  });

  test('claude operates sessions; another user of the machine does not', async () => {
    const asClaude = { user: 'claude' } as const;
    const made = await newSession(shell, 'agent-b', 'of-claude', false);
    expect((await shell.run(['convocate', 'ls'], asClaude)).stdout).toMatch(/of-claude/);
    await shell.run(['convocate', 'edit', made, '--name', 'renamed'], asClaude);
    expect((await shell.run(['convocate', 'ls'], asClaude)).stdout).toMatch(/renamed/);

    const asNobody = { user: 'nobody' } as const;
    for (const argv of [
      ['ls'],
      ['new', 'of-nobody', '--agent', 'agent-b'],
      ['rm', made, '--yes'],
      ['kill', session],
    ]) {
      const refused = await shell.exec(['convocate', ...argv], asNobody);
      expect(refused.exitCode, argv.join(' ')).not.toBe(0);
      expect(refused.stderr).toMatch(/no right to open.*\n.*next: .*claude/s);
    }
    const { stdout } = await shell.run(['convocate', 'ls', '--json'], { user: 'claude' });
    const { sessions } = JSON.parse(stdout) as { sessions: { name: string; running: boolean }[] };
    expect(sessions.map(({ name, running }) => `${name} ${String(running)}`).toSorted()).toEqual([
      'renamed false',
      'work true',
    ]);
    await shell.run(['convocate', 'rm', made, '--yes'], asClaude);
    expect((await agentB.exec(['ls', `/home/claude/${made}`])).exitCode).toBe(2);
  });
});

describe('the daily prune', () => {
  test('keeps the current image, the previous one and each that a container uses; others go', async () => {
    await installTree(lab, await buildRelease({ version: nextVersion }));
    expect(await runUpdate(shell, 'agent-a')).toMatchObject({ exitCode: 0 });
    // On the new image, so that only being the previous one keeps the old.
    await killSession(shell, session);
    await restartSession(shell, session);
    for (const tag of ['unused', 'stopped', 'running']) {
      const recipe = `FROM convocate:${version}\nLABEL of=${tag}\n`;
      await agentA.run(['docker', 'build', '--quiet', '--tag', `convocate:${tag}`, '-'], { input: recipe });
    }
    await agentA.run(['docker', 'tag', 'convocate:unused', 'something-else:1']);
    await agentA.run(['docker', 'create', '--name', 'is-stopped', 'convocate:stopped']);
    await agentA.run([
      'docker',
      'run',
      '--detach',
      '--name',
      'is-running',
      '--entrypoint',
      'sleep',
      'convocate:running',
      '600',
    ]);
    await agentA.run([
      'cp',
      '--archive',
      `/usr/local/lib/convocate/releases/${version}`,
      '/usr/local/lib/convocate/releases/unused',
    ]);

    const daily = await agentA.run(['run-parts', '--test', '/etc/cron.daily']);
    expect(daily.stdout.split('\n')).toContain('/etc/cron.daily/convocate-image-prune');
    await agentA.run(['/etc/cron.daily/convocate-image-prune'], { env: { PATH: '/usr/bin:/bin' } });

    const tags = await agentA.run(['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}']);
    expect(
      tags.stdout
        .split('\n')
        .filter((tag) => tag !== '' && !tag.endsWith('<none>'))
        .toSorted(),
    ).toEqual([
      'convocate:running',
      'convocate:stopped',
      `convocate:${version}`,
      `convocate:${nextVersion}`,
      'something-else:1',
    ]);
    const releases = await agentA.run(['ls', '/usr/local/lib/convocate/releases']);
    expect(releases.stdout.split('\n').filter(Boolean)).toEqual([version, nextVersion]);
    await agentA.run(['docker', 'rm', '--force', 'is-stopped', 'is-running']);
  });
});

describe('a shell host that was lost, and set up anew with keys of its own', () => {
  test('gets an agent back once that may take its releases, and its sessions with it', async () => {
    const counting = await standInState(agentA, session);
    await shell.run(['rm', '-rf', '/etc/convocate', '/var/lib/convocate']);
    const said = await installTree(lab, await buildRelease({ version: laterVersion }));
    expect(said).toMatch(/convocate-status\.service has lost its key, .*run convocate-host init-shell/);
    await shell.run(['convocate-host', 'init-shell']);

    const argv = initArgv('agent-a', '--host-key', await agentA.sshHostFingerprint());
    await expectNothingChanged([agentA], () =>
      expectRefusal(shell, argv, {
        host: 'agent-a',
        says: [/from another cluster only/, /remove \/etc\/convocate-agent\/allowed_signers/],
        next: /run the same command again/,
      }),
    );
    await agentA.run(['rm', '/etc/convocate-agent/allowed_signers']);
    await shell.run(argv, { timeoutMs: 240_000 });

    expect(await liveRelease(agentA)).toEqual(wholly(laterVersion));
    await waitUntilShellSees(shell, ['agent-a']);
    const { stdout } = await shell.run(['convocate', 'ls', '--json'], { user: 'claude' });
    expect(stdout).toContain(session);
    await expectStillCounting(agentA, session, counting);
  });
});
