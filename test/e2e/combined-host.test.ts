// A shell host that is an agent of its own cluster, `init-agent --host local`: alone, then with a remote agent beside it. Its
// sessions live through `make install` and `update` on the very machine that builds the releases, and are listed once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initAgent, installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots } from '../../lab/snapshot.ts';
import { openAttached } from './support/attached-terminal.ts';
import { freshLab } from './support/fresh-lab.ts';
import { expectNothingChanged, expectRefusal } from './support/refusal.ts';
import { buildRelease, liveRelease, wholly } from './support/releases.ts';
import { onlyEvent, runUpdate } from './support/rollout-run.ts';
import { expectStillCounting, installStandIn, standInState } from './support/session-stand-in.ts';
import { imageOf, killSession, newSession, restartSession, waitUntilShellSees } from './support/sessions.ts';
import {
  apartFromTimes,
  sessionContainers,
  survivorsOfAgent,
  survivorsOfShell,
} from './support/survivors.ts';

const labName = 'combined-test';
const before = 'v0.8.80';
const after = 'v0.8.81';
const statusUnit = '/etc/systemd/system/convocate-status.service';

let lab: Lab;
/** Shell host and agent in one. */
let box: Machine;
let remote: Machine;
let trees: { readonly before: string; readonly after: string };
let work: string;

const initArgv = (...extra: string[]): string[] => [
  ...['convocate-host', 'init-agent', '--host', 'local', '--soak', '1s', ...extra],
];

interface Listed {
  readonly agents: readonly { readonly agent_id: string; readonly host: string }[];
  readonly sessions: readonly { readonly uuid: string; readonly host: string; readonly running: boolean }[];
}

async function list(): Promise<Listed> {
  return JSON.parse((await box.run(['convocate', 'ls', '--json'], { user: 'claude' })).stdout) as Listed;
}

/** Each agent with its host and version, as `convocate-host status` asks it directly. */
async function agentsByStatus(): Promise<string[]> {
  const { stdout } = await box.run(['convocate-host', 'status', '--json']);
  const agents = JSON.parse(stdout) as { host: string; version: string; running: number }[];
  return agents.map(({ host, version, running }) => `${host} ${version} ${running}`);
}

async function processOf(unit: string): Promise<string> {
  return (await box.run(['systemctl', 'show', unit, '--property=MainPID,NRestarts,ActiveState'])).stdout;
}

beforeAll(async () => {
  trees = { before: await buildRelease({ version: before }), after: await buildRelease({ version: after }) };
  lab = await freshLab({ name: labName, agents: 1 });
  box = lab.shell;
  remote = lab.agent(0);
  await installTree(lab, trees.before);
  await Promise.all([installStandIn(box), installStandIn(remote)]);
});

afterAll(() => lab?.close());

describe('init-agent --host local', () => {
  test('before init-shell is refused, and nothing is changed', () =>
    expectNothingChanged([box], () =>
      expectRefusal(box, initArgv(), {
        says: [/not set up as a shell host/],
        next: /convocate-host init-shell/,
      }),
    ));

  test.each(['--user', '--host-key'])('takes no %s: there is no SSH', (option) =>
    expectRefusal(box, initArgv(option, 'ops'), {
      exit: 2,
      says: [`${option} is for SSH, and "local" is this very machine`],
      next: `leave ${option} out`,
    }),
  );

  test('makes the shell host its own agent, without a word of SSH', async () => {
    await box.run(['convocate-host', 'init-shell']);
    const { stdout } = await box.run(initArgv());
    const id = (await box.readFile('/etc/convocate-agent/agent-id')).trim();
    expect(stdout).toContain(`ready: agent ${id} answers as ${before}`);
    expect(stdout).not.toContain('pinned');
    expect(await liveRelease(box)).toEqual(wholly(before));
    const entry = `/etc/convocate/agent-keys/${id}`;
    expect(JSON.parse(await box.readFile(`${entry}/agent.json`))).toMatchObject({
      host: 'local',
      address: '127.0.0.1',
    });
    expect((await box.exec(['test', '-e', `${entry}/known_hosts`])).exitCode).toBe(1);
    await waitUntilShellSees(box, ['local']);
  });

  test('a second run changes nothing at all', async () => {
    const processes = [await processOf('convocate-agent'), await processOf('convocate-status')];
    await expectNothingChanged([box], async () => void (await box.run(initArgv())));
    expect([await processOf('convocate-agent'), await processOf('convocate-status')]).toEqual(processes);
  });
});

describe('its sessions', () => {
  test('are made, listed once, attached to, killed, restarted and removed', async () => {
    work = await newSession(box, 'local', 'work');
    const other = await newSession(box, 'local', 'other');
    expect((await list()).sessions.map(({ uuid, host }) => `${uuid} ${host}`).toSorted()).toEqual(
      [`${work} local`, `${other} local`].toSorted(),
    );
    expect((await list()).agents).toHaveLength(1);
    expect(await agentsByStatus()).toEqual([`local ${before} 2`]);

    await using terminal = await openAttached(box, 'attached', other);
    await terminal.waitFor(/tick \d+/);
    await terminal.type('good morning', 'Enter');
    await terminal.waitFor(/heard good morning/);

    await killSession(box, other);
    await restartSession(box, other);
    await standInState(box, other);
    await box.run(['convocate', 'rm', other, '--yes'], { user: 'claude' });
    expect((await list()).sessions.map(({ uuid }) => uuid)).toEqual([work]);
    expect((await box.exec(['test', '-e', `/home/claude/${other}`])).exitCode).toBe(1);
    expect(await sessionContainers(box)).toHaveLength(1);
  });

  test('live through `make install` of the next release, which moves the shell host alone', async () => {
    const [counting, agent] = [await standInState(box, work), await processOf('convocate-agent')];
    const [kept, keys, unit] = [
      await survivorsOfAgent(box),
      await survivorsOfShell(box),
      await box.readFile(statusUnit),
    ];
    await box.run(['sed', '-i', 's/^RestartSec=.*/RestartSec=7/', statusUnit]); // as of an older release
    await installTree(lab, trees.after);
    expect(await processOf('convocate-agent')).toBe(agent);
    expect(await liveRelease(box)).toEqual(wholly(before));
    expect(diffSnapshots(kept, await survivorsOfAgent(box))).toEqual([]);
    // The choices of `make install` are written anew.
    expect(diffSnapshots(apartFromTimes(keys), apartFromTimes(await survivorsOfShell(box)))).toEqual([]);
    await expectStillCounting(box, work, counting);
    expect(await box.readFile(statusUnit)).toBe(unit);
    const effective = await box.run([
      'systemctl',
      'show',
      'convocate-status',
      '--property=RestartUSec,NeedDaemonReload',
    ]);
    expect(effective.stdout).toBe('RestartUSec=2s\nNeedDaemonReload=no\n');
    await waitUntilShellSees(box, ['local']);
  });
});

describe('update --host local', () => {
  test('as a dry run tells what would be done, and changes nothing', () =>
    expectNothingChanged([box], async () => {
      const run = await runUpdate(box, 'local', '--dry-run');
      expect(run.exitCode, run.stderr).toBe(0);
      expect(onlyEvent(run, 'plan')).toMatchObject({
        version: after,
        fromVersion: before,
        layers: [],
        refusals: [],
      });
    }));

  test('rolls the release over the running session, and sends none of the image that was built here', async () => {
    const counting = await standInState(box, work);
    const [kept, keys] = [await survivorsOfAgent(box), await survivorsOfShell(box)];
    const run = await runUpdate(box, 'local');
    expect(run.exitCode, run.stderr).toBe(0);
    const result = onlyEvent(run, 'result');
    expect(result).toMatchObject({
      outcome: 'updated',
      from: before,
      version: after,
      sessions_on_older_image: 1,
    });
    expect(result['sent_bytes']).toBeLessThan(1_000_000);
    expect(await liveRelease(box)).toEqual(wholly(after));
    expect(diffSnapshots(kept, await survivorsOfAgent(box))).toEqual([]);
    expect(diffSnapshots(keys, await survivorsOfShell(box))).toEqual([]);
    await expectStillCounting(box, work, counting);
    await waitUntilShellSees(box, ['local']);
    expect((await list()).sessions.map(({ uuid, running }) => `${uuid} ${String(running)}`)).toEqual([
      `${work} true`,
    ]);
  });

  test('again does nothing', async () => {
    await expectNothingChanged([box], async () => {
      expect(onlyEvent(await runUpdate(box, 'local'), 'result')).toMatchObject({
        outcome: 'unchanged',
        sent_bytes: 0,
      });
    });
  });

  test('leaves the cutover to the operator', async () => {
    expect(await imageOf(box, work)).toBe(`convocate:${before}`);
    await killSession(box, work);
    await restartSession(box, work);
    expect(await imageOf(box, work)).toBe(`convocate:${after}`);
  });
});

describe('beside a remote agent', () => {
  let far: string;

  test('each session is listed once, at the host it is on', async () => {
    await initAgent(lab, remote);
    await waitUntilShellSees(box, ['agent-a', 'local']);
    far = await newSession(box, 'agent-a', 'far');
    expect((await list()).sessions.map(({ uuid, host }) => `${uuid} ${host}`).toSorted()).toEqual(
      [`${work} local`, `${far} agent-a`].toSorted(),
    );
    expect(await agentsByStatus()).toEqual([`agent-a ${after} 1`, `local ${after} 1`]);
    expect([(await sessionContainers(box)).length, (await sessionContainers(remote)).length]).toEqual([1, 1]);
  });

  test('the box under its own name instead of "local" is still one agent, and so it is the way back', async () => {
    await box.writeFile('/root/.ssh/authorized_keys', await box.readFile('/root/.ssh/id_ed25519.pub'), {
      mode: '0600',
    });
    const keys = await survivorsOfAgent(box);
    const byName = ['--host', 'shell', '--host-key', await box.sshHostFingerprint(), '--soak', '1s'];
    for (const [argv, host] of [
      [['convocate-host', 'init-agent', ...byName], 'shell'],
      [initArgv(), 'local'],
    ] as const) {
      await box.run(argv);
      await waitUntilShellSees(box, [host, 'agent-a']);
      expect((await list()).agents.map((agent) => agent.host)).toEqual(['agent-a', host].toSorted());
      expect((await list()).sessions.map(({ uuid }) => uuid).toSorted()).toEqual([work, far].toSorted());
    }
    expect(diffSnapshots(keys, await survivorsOfAgent(box))).toEqual([]);
  });
});
