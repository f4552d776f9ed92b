// Releases that do not come up, and rollouts that nobody finishes: the host goes back by itself, says so, and no session
// is touched.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots, type HostSnapshot } from '../../lab/snapshot.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { AGENT_HOST } from '../../src/protocol/host-layout.ts';
import { buildBadRelease } from './support/bad-releases.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import {
  onlyEvent,
  rolloutArgv,
  runRollout,
  runUpdate,
  startRollout,
  warningsOf,
} from './support/rollout-run.ts';
import { installStandIn } from './support/session-stand-in.ts';
import { newSession, waitUntilShellSees } from './support/sessions.ts';
import { survivorsOfAgent } from './support/survivors.ts';

const labName = 'dead-man-test';
const host = 'agent-a';
const good = 'v1.0.0-good';
const next = 'v1.1.0-good';

let lab: Lab;
let shell: Machine;
let agent: Machine;
let nextTree: string;
let survivors: HostSnapshot;

beforeAll(async () => {
  nextTree = await buildRelease({ version: next });
  lab = await freshCluster({ name: labName, agents: 1, tree: await buildRelease({ version: good }) });
  shell = lab.shell;
  agent = lab.agent(0);
  await installStandIn(agent);
  await newSession(shell, host, 'at-work');
  await newSession(shell, host, 'stopped', false);
  survivors = await survivorsOfAgent(agent);
});

afterAll(() => lab?.close());

afterEach(async () => {
  expect.soft(diffSnapshots(survivors, await survivorsOfAgent(agent))).toEqual([]);
});

interface Status {
  readonly up: boolean;
  readonly version?: string;
  readonly rolled_back?: { from: string; to: string; reason: string; at: string };
}

async function status(...extra: string[]): Promise<Status> {
  const { stdout } = await shell.run(['convocate-host', 'status', '--json', ...extra]);
  return (JSON.parse(stdout) as Status[])[0] ?? { up: false };
}

async function waitUntilBack(): Promise<Status> {
  return await pollUntil(
    async () => {
      const seen = await status();
      return seen.version === good && seen.rolled_back ? seen : undefined;
    },
    { timeoutMs: 90_000, intervalMs: 500, what: 'the way back' },
  );
}

/** Nothing of an open rollout is left: no watcher, no half state, and the links say what they said before. */
async function expectSettled(): Promise<void> {
  expect(await liveRelease(agent)).toEqual(wholly(good));
  const { stdout } = await agent.run(['ls', '-A', '/var/lib/convocate-agent/rollout']);
  expect(
    stdout.split('\n').filter((name) => /^(armed|returning|confirmed|request|ballast)/.test(name)),
  ).toEqual([]);
  expect((await agent.exec(['systemctl', 'is-active', 'convocate-dead-man.service'])).stdout.trim()).toBe(
    'inactive',
  );
  expect((await agent.run(['convocate-agent', 'install', '--check', '--json'])).stdout).not.toContain(
    'drift',
  );
}

describe('a release that', () => {
  // Of a window of 20 s, the soak leaves a busy machine too little to see more than that it ended.
  const cases = [
    ['exits at its start', /did not start|failed to stay up/, '20s'],
    ['hangs at its start', /nobody confirmed it within 20 s/, '20s'],
    ['answers with another version', /it answers as v0\.0\.0-other|does not answer on .* as v9/, '40s'],
    ['does not find its shell host', /status link/, '40s'],
  ] as const;

  for (const [index, [breakage, reason, confirmTimeout]] of cases.entries()) {
    test(`${breakage} is left again, and the update says so`, async () => {
      const version = `v9.${index}.0-bad`;
      await moveShellTo(lab, await buildBadRelease(version, breakage));
      await waitUntilShellSees(shell, [host]);
      const run = await runUpdate(shell, host, '--confirm-timeout', confirmTimeout);
      expect(run.exitCode, run.stderr).toBe(4);
      expect(run.events.filter(({ event }) => event === 'result')).toEqual([]);
      const { error, hint } = JSON.parse(run.stderr) as { error: string; hint: string };
      expect(error).toMatch(reason);
      expect(error).toContain(`the host went back to ${good}`);
      expect(hint).toContain(`it serves ${good} as before`);
      expect(await status()).toMatchObject({
        up: true,
        version: good,
        rolled_back: { from: version, to: good },
      });
      await expectSettled();
    });
  }

  test('cannot start a session is refused before anything changed', async () => {
    await moveShellTo(lab, await buildBadRelease('v9.9.0-bad', 'cannot start a session'));
    const run = await runUpdate(shell, host);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('a container from convocate:v9.9.0-bad does not run');
    await expectSettled();
  });
});

describe('what was taken back', () => {
  test('is shown to people until someone has seen it', async () => {
    const { stdout } = await shell.run(['convocate-host', 'status', '--seen']);
    expect(stdout).toContain(`${host}: the rollout of v9.3.0-bad was taken back at `);
    expect(await status()).not.toHaveProperty('rolled_back');
  });
});

describe('a rollout that nobody finishes, since', () => {
  beforeAll(() => moveShellTo(lab, nextTree));

  const start = (): ReturnType<typeof startRollout> =>
    startRollout(shell, [...rolloutArgv('update', host, '--json', '--confirm-timeout', '15s')], host);
  const titled =
    (words: RegExp) =>
    (event: { event: string; title?: unknown }): boolean =>
      event.event === 'step' && words.test(String(event.title));

  test('its operator was killed between switch and proof, is taken back by the host alone', async () => {
    const update = start();
    await update.until(titled(/confirming over a fresh/));
    await update.kill();
    const { rolled_back } = await waitUntilBack();
    expect(rolled_back).toMatchObject({ from: next, to: good, reason: 'nobody confirmed it within 15 s' });
    await expectSettled();
  });

  test('the host lost power, is taken back at its next start', async () => {
    survivors = new Map();
    const update = start();
    await update.until(titled(/confirming over a fresh/));
    await agent.powerCut();
    await agent.powerOn();
    await update.ended;
    const { rolled_back } = await waitUntilBack();
    expect(rolled_back?.reason).toBe('the host was started anew before it was confirmed');
    await expectSettled();
    survivors = await survivorsOfAgent(agent);
  });

  test('and the next update finishes', async () => {
    const run = await runUpdate(shell, host);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(onlyEvent(run, 'result')).toMatchObject({ outcome: 'updated', from: good, version: next });
    expect(await liveRelease(agent)).toEqual(wholly(next));
    expect(await status()).not.toHaveProperty('rolled_back');
  });
});

describe('a rollout that lies open with a damaged record', () => {
  const record = `${AGENT_HOST.rolloutDir}/armed.json`;
  const damaged = '{"from":';

  beforeAll(() => agent.writeFile(record, damaged, { mode: '0600' }));

  test('is told by a dry run and by `releases`, which leave it as it is', async () => {
    const run = await runRollout(shell, 'rollback', host, '--dry-run');
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(warningsOf(run)).toEqual([
      'the record of an earlier rollout is damaged; it would be closed first, with no way back from what is live',
    ]);
    const held = await shell.run(['convocate-host', 'releases', '--host', host, '--json']);
    expect(held.stderr).toMatch(/^warning: a rollout is open on this host whose record is damaged.*\n$/);
    expect(JSON.parse(held.stdout)).toHaveLength(2);
    expect(await agent.readFile(record)).toBe(damaged);
  });

  test('is closed by the next rollout, which finishes', async () => {
    const run = await runRollout(shell, 'rollback', host);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(onlyEvent(run, 'result')).toMatchObject({ outcome: 'rolled_back', from: next, version: good });
    expect(warningsOf(run)).toContainEqual(
      expect.stringMatching(/could not be taken back, and was closed: .*damaged/),
    );
    expect(await agent.readFile(`${record}.closed`)).toBe(damaged);
    expect(await liveRelease(agent)).toEqual(wholly(good));
  });
});
