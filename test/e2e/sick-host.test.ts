// Hosts on which something was wrong before the rollout began, or goes wrong with its way back: those are the ones that are
// rolled out to in a hurry.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { initAgent, installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { buildBadRelease } from './support/bad-releases.ts';
import { freshLab } from './support/fresh-lab.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import { rolloutArgv, runUpdate, startRollout } from './support/rollout-run.ts';
import {
  expectStillCounting,
  installStandIn,
  type StandInState,
  standInState,
} from './support/session-stand-in.ts';
import { newSession, waitUntilShellSees } from './support/sessions.ts';

const host = 'agent-a';
const [first, second, third] = ['v1.0.0-first', 'v1.1.0-second', 'v1.2.0-third'] as const;
const unit = 'convocate-agent.service';
const portHolder = 'lab-port-holder';
const MEBIBYTE = 1024 ** 2;

let lab: Lab;
let shell: Machine;
let agent: Machine;
let trees: string[];
/** Under programs, units and settings, and under the agent's state. */
let disks: string[];
let session: string;
let counting: StandInState;

beforeAll(async () => {
  trees = await Promise.all([first, second, third].map((version) => buildRelease({ version })));
  lab = await freshLab({ name: 'sick-host-test', agents: 1 });
  shell = lab.shell;
  agent = lab.agent(0);
  disks = [
    await agent.mountSmallDisk(
      ['/etc/systemd/system', '/etc/convocate-agent', '/usr/local'],
      1_500 * MEBIBYTE,
    ),
    await agent.mountSmallDisk(['/var/lib/convocate-agent'], 1_000 * MEBIBYTE),
  ];
  await installTree(lab, trees[0] ?? '');
  await shell.run(['convocate-host', 'init-shell']);
  await initAgent(lab, agent);
  await installStandIn(agent);
  session = await newSession(shell, host, 'at-work');
  counting = await standInState(agent, session);
});

afterAll(() => lab?.close());

/** The agent's port is another program's, so no release can start. */
async function takePort(): Promise<void> {
  await agent.run(['systemctl', 'stop', unit]);
  const listen = `require('node:net').createServer().listen(222)`;
  const node = '/usr/local/lib/convocate/current/runtime/node';
  await agent.run(['systemd-run', '--quiet', `--unit=${portHolder}`, node, '--eval', listen]);
  await pollUntil(
    async () =>
      (await agent.exec(['sh', '-c', 'ss -Hltn sport = :222 | grep -q .'])).exitCode === 0 || undefined,
    {
      timeoutMs: 15_000,
      intervalMs: 100,
      what: 'another program on port 222',
    },
  );
}

async function givePortBack(): Promise<void> {
  await agent.run(['systemctl', 'stop', portHolder]);
}

async function openFiles(): Promise<string[]> {
  const { stdout } = await agent.run(['ls', '-A', '/var/lib/convocate-agent/rollout']);
  return stdout.split('\n').filter((name) => /^(armed|returning)/.test(name));
}

const state = async (): Promise<string> => (await agent.exec(['systemctl', 'is-active', unit])).stdout.trim();

test('an agent that could not start for long is up by itself once it can', async () => {
  const starts = async (): Promise<number> =>
    Number((await agent.run(['systemctl', 'show', unit, '-p', 'NRestarts', '--value'])).stdout);
  await takePort();
  await agent.exec(['systemctl', 'restart', unit]);
  await pollUntil(async () => ((await starts()) > 25 ? true : undefined), {
    timeoutMs: 150_000,
    intervalMs: 1_000,
    what: 'many starts',
  });
  await givePortBack();
  await waitUntilShellSees(shell, [host]);
  expect(await state()).toBe('active');
});

test('an agent that systemd gave up on, as it did of older releases, is brought up by the release that mends it', async () => {
  const limit = `/etc/systemd/system/${unit}.d/limit.conf`;
  await agent.writeFile(limit, '[Unit]\nStartLimitIntervalSec=300\nStartLimitBurst=5\n');
  await agent.run(['systemctl', 'daemon-reload']);
  await takePort();
  await agent.exec(['systemctl', 'restart', unit]);
  await pollUntil(async () => ((await state()) === 'failed' ? true : undefined), {
    timeoutMs: 150_000,
    intervalMs: 1_000,
    what: 'systemd giving the agent up',
  });
  await givePortBack();
  expect(await state()).toBe('failed');
  await agent.run(['rm', '-r', `/etc/systemd/system/${unit}.d`]);
  await moveShellTo(lab, trees[1] ?? '');
  const run = await runUpdate(shell, host);
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  expect(await liveRelease(agent)).toEqual(wholly(second));
  await waitUntilShellSees(shell, [host]);
});

test('a way back to a release that does not start either comes to its end, and the next update begins', async () => {
  await moveShellTo(lab, trees[2] ?? '');
  await takePort();
  await agent.exec(['systemctl', 'start', unit]);
  const run = await runUpdate(shell, host, '--confirm-timeout', '20s');
  expect(run.exitCode, run.stderr).toBe(4);
  expect(run.stderr).toContain(`the host went back to ${second}`);
  expect(run.stderr).toContain('look at it at once');
  await pollUntil(async () => ((await openFiles()).length === 0 ? true : undefined), {
    timeoutMs: 120_000,
    intervalMs: 1_000,
    what: 'the end of the way back',
  });
  expect((await liveRelease(agent)).link).toBe(second);

  await givePortBack();
  const next = await runUpdate(shell, host);
  expect(next, next.stderr).toMatchObject({ exitCode: 0 });
  expect(await liveRelease(agent)).toEqual(wholly(third));
});

test('a disk that fills up again and again does not keep a host from going back', async () => {
  await moveShellTo(lab, await buildBadRelease('v9.0.0-bad', 'exits at its start'));
  await waitUntilShellSees(shell, [host]);
  const run = startRollout(shell, rolloutArgv('update', host, '--json', '--confirm-timeout', '20s'), host);
  await run.until(({ event, title }) => event === 'step' && String(title).startsWith('restarting '));
  for (const disk of disks) await agent.keepDiskFull(disk);
  const { exitCode, stderr } = await run.ended;
  const found = await liveRelease(agent);
  for (const disk of disks) await agent.freeDisk(disk);
  expect(exitCode, stderr).toBe(4);
  expect([found.link, found.program]).toEqual([third, third]);
  await waitUntilShellSees(shell, [host]);
  expect((await openFiles()).length).toBe(0);

  await moveShellTo(lab, trees[1] ?? '');
  const next = await runUpdate(shell, host);
  expect(next, next.stderr).toMatchObject({ exitCode: 0 });
  expect(await liveRelease(agent)).toEqual(wholly(second));
});

test('its session has run on through all of that', async () => {
  await expectStillCounting(agent, session, counting);
});
