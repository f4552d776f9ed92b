// An update that is killed, at several moments, and two operators who start one at once: the agent goes on serving the old
// release or the new, never something between, and the next update finishes.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import {
  onlyEvent,
  type RolloutEvent,
  type RolloutRun,
  runUpdate,
  startUpdate,
  updateArgv,
} from './support/rollout-run.ts';
import {
  expectStillCounting,
  installStandIn,
  type StandInState,
  standInState,
} from './support/session-stand-in.ts';
import { newSession } from './support/sessions.ts';
import { Terminal } from './support/terminal.ts';

const labName = 'cut-off-test';
const host = 'agent-a';
const mebibyte = 1024 ** 2;
const version = (minor: number): string => `v1.${minor}.0-cut`;

let lab: Lab;
let shell: Machine;
let agent: Machine;
let session: string;
let counting: StandInState;
/** Releases 1 to 5: from each to the next is a program and an image layer of several MB. */
const trees: string[] = [];

beforeAll(async () => {
  for (const minor of [1, 2, 3, 4, 5])
    trees.push(await buildRelease({ version: version(minor), ballastBytes: minor === 1 ? 0 : 8 * mebibyte }));
  lab = await freshCluster({ name: labName, agents: 1, tree: trees[0] ?? '' });
  shell = lab.shell;
  agent = lab.agent(0);
  await installStandIn(agent);
  session = await newSession(shell, host, 'at-work');
  counting = await standInState(agent, session);
});

afterAll(() => lab?.close());

afterEach(async () => {
  await agent.unlimit();
  await expectStillCounting(agent, session, counting);
});

/** Some of this blob has gone out, and not all. */
function isSending(what: RegExp): (event: RolloutEvent) => boolean {
  return (event) =>
    event.event === 'transfer' &&
    what.test(String(event['what'])) &&
    Number(event['sent']) > 2 * mebibyte &&
    Number(event['sent']) < Number(event['total']);
}

/** What 222 answers with, asked from the shell as an operator would. */
async function answersAs(): Promise<string> {
  const { stdout } = await shell.run(['convocate-host', 'status', '--json']);
  const [status] = JSON.parse(stdout) as { up: boolean; version?: string }[];
  return status?.up ? (status.version ?? '') : 'down';
}

/** A lock dies with its holder, within 20 s; until then the next one is refused, which changes nothing. */
async function updateOnceUnlocked(): Promise<RolloutRun> {
  return await pollUntil(
    async () => {
      const run = await runUpdate(shell, host);
      return run.exitCode === 3 && run.stderr.includes('another rollout is under way') ? undefined : run;
    },
    { timeoutMs: 30_000, intervalMs: 500, what: 'the end of the lock of a killed update' },
  );
}

interface PlannedBlob {
  readonly what: string;
  readonly offset: number;
}

/** How much of that blob the host has already, as a dry run sees it. */
async function offsetOf(what: RegExp): Promise<number | undefined> {
  const plan = onlyEvent(await runUpdate(shell, host, '--dry-run'), 'plan');
  const blobs = [...(plan['largeFiles'] as PlannedBlob[]), ...(plan['layers'] as PlannedBlob[])];
  return blobs.find((blob) => what.test(blob.what))?.offset || undefined;
}

describe('killed while it sends', () => {
  const moments = [
    ['the program', /^lib\/convocate-agent\.mjs$/],
    ['the image', /^image layer/],
  ] as const;

  beforeAll(() => moveShellTo(lab, trees[1] ?? ''));

  for (const [name, what] of moments) {
    test(`${name}, the old release serves on, and the next transfer goes on where this one stopped`, async () => {
      await agent.limitBandwidth('10mbit');
      const update = startUpdate(shell, host);
      await update.until(isSending(what));
      await update.kill();
      expect(await liveRelease(agent)).toEqual(wholly(version(1)));
      expect(await answersAs()).toBe(version(1));
      await agent.unlimit();
      const offset = await pollUntil(() => offsetOf(what), {
        timeoutMs: 30_000,
        intervalMs: 250,
        what: `a dry run that finds what arrived of ${name}`,
      });
      expect(offset).toBeGreaterThan(mebibyte);
    });
  }

  test('the next update finishes', async () => {
    const run = await updateOnceUnlocked();
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(onlyEvent(run, 'result')).toMatchObject({
      outcome: 'updated',
      from: version(1),
      version: version(2),
    });
    expect(await liveRelease(agent)).toEqual(wholly(version(2)));
  });
});

/** What was under way on the host when the shell's side died goes on to its own end. */
async function waitUntilHostIsStill(): Promise<void> {
  // In brackets, so that the words do not find the command that holds them.
  const words = 'convocate-agen[t].mjs (activate|stage-image)|systemctl restar[t]';
  const busy = ['pgrep', '--full', words];
  await pollUntil(async () => ((await agent.exec(busy)).exitCode === 1 ? true : undefined), {
    timeoutMs: 60_000,
    intervalMs: 200,
    what: 'the end of what a killed update had begun on the host',
  });
}

describe('killed after staging', () => {
  beforeAll(() => moveShellTo(lab, trees[2] ?? ''));

  const moments = [
    'staging the image',
    'activating',
    'restarting convocate-agent.service; sessions go on running',
  ];
  for (const title of moments) {
    test(`at "${title}", the agent answers as the old release or the new`, async () => {
      const update = startUpdate(shell, host);
      const isThere = (event: RolloutEvent): boolean => event.event === 'step' && event['title'] === title;
      const reached = await update.until((event) => isThere(event) || event.event === 'result');
      await update.kill().catch(() => undefined); // it may just have ended by itself
      expect(['step', 'result']).toContain(reached.event);
      await waitUntilHostIsStill();
      const answer = await answersAs();
      expect([version(2), version(3)]).toContain(answer);
      if (title === moments[0]) expect(answer).toBe(version(2));
      const { stamp } = await liveRelease(agent);
      expect([version(2), version(3)].map((one) => `convocate:${one}`)).toContain(stamp);
      await agent.run(['docker', 'image', 'inspect', stamp]);
    });
  }

  test('the next update finishes, and with its own exit code, though its reader goes away', async () => {
    const argv = ['bash', '-c', 'set -o pipefail; "$@" | head -n 1', 'bash', ...updateArgv(host)];
    const run = await pollUntil(
      async () => {
        const { exitCode, stdout, stderr } = await shell.exec(argv, { timeoutMs: 180_000 });
        return stderr.includes('another rollout is under way') ? undefined : { exitCode, stdout, stderr };
      },
      { timeoutMs: 30_000, intervalMs: 500, what: 'the end of the lock of a killed update' },
    );
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout.trim().split('\n')).toHaveLength(1);
    expect(await liveRelease(agent)).toEqual(wholly(version(3)));
    expect(await answersAs()).toBe(version(3));
    const check = await agent.run(['convocate-agent', 'install', '--check', '--json']);
    const { items } = JSON.parse(check.stdout) as { items: { state: string }[] };
    expect(items.filter((item) => item.state !== 'ok')).toEqual([]);
  });
});

test('a terminal that is closed under an update ends none: it is confirmed, and the lock is free', async () => {
  await moveShellTo(lab, trees[3] ?? '');
  const argv = ['convocate-host', 'update', '--host', host];
  const terminal = await Terminal.open(shell, { name: 'closed', argv });
  await terminal.waitFor(/confirming over a fresh connection/, 90_000);
  await terminal.close();
  // One that had ended with its terminal would leave its rollout open, and the next would begin with taking that back.
  const next = await updateOnceUnlocked();
  expect(onlyEvent(next, 'result')).toMatchObject({ outcome: 'unchanged', version: version(4) });
  expect(await liveRelease(agent)).toEqual(wholly(version(4)));
  const [status] = JSON.parse((await shell.run(['convocate-host', 'status', '--json'])).stdout) as object[];
  expect(status).toMatchObject({ up: true, version: version(4) });
  expect(status).not.toHaveProperty('rolled_back');
});

describe('two operators at once', () => {
  beforeAll(() => moveShellTo(lab, trees[4] ?? ''));

  test('the second is refused and told who, since when and from where; the first goes on', async () => {
    await agent.limitBandwidth('10mbit');
    const startedAt = Date.now();
    const update = startUpdate(shell, host, 'alice');
    await update.until(isSending(/convocate-agent\.mjs/));
    const second = await runUpdate(shell, host);
    expect(second.exitCode).toBe(3);
    expect(second.events.filter((one) => one.event === 'result')).toEqual([]);
    const { error, hint } = JSON.parse(second.stderr) as { error: string; hint: string };
    const held = /held by (\S+) on (\S+) since (\S+), logged in from (\S+)$/.exec(error);
    expect(held?.slice(1, 3)).toEqual(['alice', (await shell.run(['hostname'])).stdout.trim()]);
    const since = Date.parse(held?.[3] ?? '');
    expect(since).toBeGreaterThan(startedAt - 1000);
    expect(since).toBeLessThan(Date.now());
    expect(hint).toContain('wait for it to end');

    const look = await runUpdate(shell, host, '--dry-run');
    expect(look.events).toContainEqual(
      expect.objectContaining({ event: 'warning', text: expect.stringContaining('held by alice') as string }),
    );
    for (const [verb, outcome] of [
      ['prune', 'removed'],
      ['install', 'changed'],
    ] as const) {
      const beside = await agent.exec(['convocate-agent', verb]);
      expect(beside.exitCode).toBe(3);
      expect(beside.stderr).toContain(
        `a rollout is under way on this host, so nothing was ${outcome}: held by alice`,
      );
    }
    const daily = await agent.run(['/etc/cron.daily/convocate-image-prune']);
    expect(daily).toMatchObject({ stdout: '', stderr: '' });

    await agent.unlimit();
    expect(await update.until((event) => event.event === 'result')).toMatchObject({
      outcome: 'updated',
      version: version(5),
    });
    await update.ended;
    expect(await liveRelease(agent)).toEqual(wholly(version(5)));
    const { stdout } = await agent.run(['convocate-agent', 'prune', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      keptVersions: expect.arrayContaining([version(5)]) as string[],
    });
  });
});
