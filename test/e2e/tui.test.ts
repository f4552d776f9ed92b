// The terminal UI as operators live in it: the real program in a real terminal, over two real agents. Every key, and what
// must not happen when rows move, agents hang, and services are killed under it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { containerNameOf } from '../../src/protocol/host-layout.ts';
import type { AgentView, SessionView } from '../../src/protocol/shell-socket.ts';
import { openAttached } from './support/attached-terminal.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { buildRelease } from './support/releases.ts';
import { installStandIn } from './support/session-stand-in.ts';
import { newSession, waitUntilShellSees } from './support/sessions.ts';
import { Tui } from './support/tui.ts';

const labName = 'tui-test';

let lab: Lab;
let shell: Machine;
let agentA: Machine;
let agentB: Machine;
let alpha: string;
let beta: string;
let tui: Tui;

interface Cluster {
  readonly agents: readonly AgentView[];
  readonly sessions: readonly SessionView[];
}

async function cluster(): Promise<Cluster> {
  return JSON.parse((await shell.run(['convocate', 'ls', '--json'], { user: 'claude' })).stdout) as Cluster;
}

async function named(name: string): Promise<SessionView | undefined> {
  return (await cluster()).sessions.find((session) => session.name === name);
}

async function mainPid(machine: Machine, unit: string): Promise<string> {
  return (await machine.run(['systemctl', 'show', unit, '-p', 'MainPID', '--value'])).stdout.trim();
}

beforeAll(async () => {
  const tree = await buildRelease({ version: 'v1.0.0-tui' });
  lab = await freshCluster({ name: labName, agents: 2, tree });
  shell = lab.shell;
  [agentA, agentB] = [lab.agent(0), lab.agent(1)];
  for (const agent of lab.agents) await installStandIn(agent);
  alpha = await newSession(shell, 'agent-a', 'alpha');
  beta = await newSession(shell, 'agent-b', 'beta');
  await newSession(shell, 'agent-a', 'gamma', false);
});

afterAll(() => lab?.close());

beforeEach(async ({ task }) => {
  tui = await Tui.open(shell, { name: `tui-${task.id}` });
});

afterEach(() => tui[Symbol.asyncDispose]());

describe('the list', () => {
  test('shows every session of both agents with its state, host, image and port', async () => {
    await tui.showsState('alpha', 'R');
    await tui.showsState('beta', 'R');
    await tui.showsState('gamma', '-');
    expect(await tui.row('beta')).toMatch(/agent-b +v1\.0\.0-tui +-/);
    await tui.shows(/3 sessions +2\/2 agents/);
  });

  test('is filtered, sorted, narrowed to an agent, to what needs someone, to older images; Escape never quits', async () => {
    await tui.choose('beta');
    await tui.press('Escape');
    await tui.shows(/3 sessions/);
    await tui.press('t');
    await tui.shows(/by name/);
    await tui.press('a');
    await tui.shows(/2 of 3 sessions/);
    await tui.press('a');
    await tui.shows(/1 of 3 sessions/);
    await tui.press('a', '!');
    await tui.shows(/0 of 3 sessions/);
    await tui.press('!', 'u');
    await tui.shows(/0 of 3 sessions/);
    await tui.press('Escape', 'Escape', 'Escape');
    await tui.showsState('alpha', 'R');
  });

  test('the cursor goes up and down, by pages, to both ends; Q leaves', async () => {
    await tui.shows(/1\/3/);
    for (const [key, where] of [
      ['Down', '2/3'],
      ['End', '3/3'],
      ['Up', '2/3'],
      ['Home', '1/3'],
      ['NPage', '3/3'],
      ['PPage', '1/3'],
    ] as const) {
      await tui.press(key);
      await tui.shows(new RegExp(where));
    }
    await tui.press('q');
    await tui.shows(/ended: 0/);
  });

  test('help, log, messages and settings open and close', async () => {
    await tui.choose('alpha');
    await tui.press('?');
    await tui.shows(/Help/);
    await tui.press('Escape', 'l');
    await tui.shows(/convocate-session: start: uid 1337/);
    await tui.press('Escape', 'm');
    await tui.shows(/Messages/);
    await tui.press('Escape', 's');
    await tui.shows(/agent-a +v1\.0\.0-tui +v1\.0\.0-tui[^]*to resume/); // they come from the agent
    await tui.press('Enter');
    await tui.shows(/Settings of agent-a[^]*To resume/);
    await tui.press('Escape', 'Escape');
    await tui.shows(/1 of 3 sessions/);
  });

  test('fits a small window, and a wide one shows the live screen of the session', async () => {
    await tui.terminal.resize(40, 12);
    await tui.shows(/alpha[^\n]*\n[^]*\? help/);
    await tui.terminal.resize(160, 40);
    await tui.choose('alpha');
    await tui.shows(/tick \d+[^]*tick \d+/);
  });
});

describe('changes', () => {
  test('a new session: where, then what; a port that is taken is refused in the form; Enter starts and opens it', async () => {
    await tui.press('n');
    await tui.shows(/on which agent/);
    await tui.press('Down', 'Enter');
    await tui.shows(/New session on agent-b/);
    await tui.type('no blanks');
    await tui.shows(/1 to 64 characters/);
    await tui.press('C-u');
    await tui.type('delta', 'Tab');
    await tui.type('222', 'Enter'); // what the agent itself listens on
    await tui.shows(/in use|taken|listens/i);
    await tui.press('C-u');
    await tui.type('8081', 'Enter');
    await tui.shows(/created delta on agent-b/);
    await tui.choose('delta');
    expect(await named('delta')).toMatchObject({ host: 'agent-b', port: 8081, running: false });
    await tui.press('Enter');
    await tui.shows(/tick \d/);
    await tui.press('C-b', 'd');
    await tui.showsState('delta', 'R');
    await tui.shows(/1\/1/);
  });

  test('edit and clone', async () => {
    await tui.choose('gamma');
    await tui.press('e');
    await tui.shows(/Edit/);
    await tui.press('Tab', 'BTab', 'End'); // there and back
    await tui.type('-two', 'Enter');
    await tui.shows(/edited/);
    await tui.press('Escape', 'Escape');
    const home = `/home/claude/${(await named('gamma-two'))?.uuid}`;
    // As a disk of a machine is, and a store of packages: the agent copies them with what its unit lets it do.
    const fill =
      'cd "$1"; echo begin >disk; truncate -s 1G disk; echo end >>disk; echo one >a; ln a b; chown 1337:1337 *';
    await agentA.run(['sh', '-c', fill, 'sh', home]);
    await tui.choose('gamma-two');
    await tui.press('c');
    await tui.shows(/Clone/);
    await tui.press('C-u');
    await tui.type('gamma-copy', 'Enter');
    await tui.shows(/cloned gamma-two|gamma-copy on agent-a is there; a filter leaves it out/);
    const copy = await named('gamma-copy');
    expect(copy).toMatchObject({ host: 'agent-a', running: false });
    const look =
      'cd "$1"; sha256sum <disk; stat -c %U:%h a b; test a -ef b && echo one; [ $(stat -c %b disk) -lt 1000 ] && echo holes';
    const [source, copied] = await Promise.all(
      [home, `/home/claude/${copy?.uuid}`].map((path) => agentA.run(['sh', '-c', look, 'sh', path])),
    );
    expect(copied?.stdout).toBe(source?.stdout);
    expect(copied?.stdout).toMatch(/^[0-9a-f]{64} {2}-\nclaude:2\nclaude:2\none\nholes\n$/);
  });

  test('cutover: kill asks first and No is the default; the row turns -; restart brings it up', async () => {
    await tui.choose('beta');
    await tui.press('k');
    await tui.shows(/Kill this session\?[^]*beta[^]*agent-b[^]*\[ No \]/);
    await tui.press('Enter');
    await tui.shows(/1\/1/);
    expect((await named('beta'))?.running).toBe(true);
    await tui.press('K', 'y');
    await tui.showsState('beta', '-');
    const before = await named('beta');
    await tui.press('R');
    await tui.showsState('beta', 'R');
    expect((await named('beta'))?.container_id).not.toBe(before?.container_id);
    await tui.press('r');
    await tui.shows(/restart: beta is running; \(K\)ill it first/);
  });

  test('a delete that was asked about one session deletes that one, however the rows move meanwhile', async () => {
    await newSession(shell, 'agent-a', 'doomed', false);
    await newSession(shell, 'agent-a', 'bystander', false);
    await tui.shows(/bystander[^]*doomed/); // by last use: the newest first
    await tui.choose('doomed');
    await tui.press('Escape'); // the cursor stays on it in the whole list
    await tui.press('d');
    await tui.shows(/Delete this session\?[^]*doomed/);
    await shell.run(['convocate', 'rm', 'bystander', '--yes'], { user: 'claude' });
    await newSession(shell, 'agent-a', 'newcomer', false);
    await tui.shows(/newcomer/);
    await tui.press('y');
    await tui.shows(/deleted doomed/);
    const names = (await cluster()).sessions.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['alpha', 'beta', 'newcomer']));
    expect(names).not.toContain('doomed');
    await shell.run(['convocate', 'rm', 'newcomer', '--yes'], { user: 'claude' });
  });

  test('override answers, and background detaches whoever is attached', async () => {
    await using operator = await openAttached(shell, 'someone', alpha);
    await operator.waitFor(/tick \d/);
    await tui.choose('alpha');
    await tui.showsState('alpha', 'C1');
    await tui.press('o', 'y');
    await tui.shows(/cleared the lock of alpha/);
    await tui.press('b');
    await tui.shows(/Detach everyone\?/);
    await tui.press('y');
    await operator.waitFor(/ended: 0/);
    await tui.showsState('alpha', 'R');
  });
});

describe('in a session', () => {
  test('two operators see each other type; who only watches cannot; the list is as it was afterwards', async () => {
    await using watcher = await Tui.open(shell, { name: 'watcher' });
    await tui.choose('alpha');
    await watcher.choose('alpha');
    await tui.press('Enter');
    await tui.shows(/tick \d/);
    await watcher.press('v');
    await watcher.shows(/tick \d/);
    await tui.type('from-the-first', 'Enter');
    await watcher.shows(/heard from-the-first/);
    await watcher.type('from-the-watcher', 'Enter');
    await tui.type('again', 'Enter');
    await watcher.shows(/heard again/);
    expect(await watcher.terminal.screen()).not.toContain('heard from-the-watcher');
    await watcher.press('C-b', 'd');
    await watcher.showsState('alpha', 'C1');
    await tui.press('C-b', 'd');
    await tui.showsState('alpha', 'R');
    await tui.shows(/1\/1/);
  });
});

describe('a conversation', () => {
  test('goes on after the host lost power: its session is restarted inside it', async () => {
    const inSession = ['docker', 'exec', '--user', 'claude', containerNameOf(beta), 'bash', '-c'];
    const said = '{"type":"user","isSidechain":false,"message":{"role":"user","content":"hi"}}';
    const place = '/home/claude/.claude/projects/-home-claude';
    await agentB.run([...inSession, `mkdir -p ${place} && echo '${said}' >${place}/a.jsonl && sync`]);
    await agentB.powerCut();
    await tui.shows(/agent-b.*down for/, 30_000);
    await agentB.powerOn();
    await waitUntilShellSees(shell, ['agent-b']);
    await tui.choose('beta');
    await tui.showsState('beta', '-', 45_000);
    await tui.press('r');
    await tui.showsState('beta', 'R');
    await tui.press('Enter');
    await tui.shows(/started with: --continue/);
    await tui.press('C-b', 'd');
    await tui.showsState('beta', 'R');
    const { stdout } = await agentB.run(['journalctl', '-u', 'convocate-agent', '--no-pager']);
    expect(stdout).toMatch(new RegExp(`"session":"${beta}","start":"resume"`));
  });
});

describe('trouble', () => {
  test('an agent that hangs turns stale within 15 s and delays no key; it comes back by itself', async () => {
    const pid = await mainPid(agentB, 'convocate-agent');
    await agentB.run(['kill', '-STOP', pid]);
    try {
      await tui.shows(/agent-b.*down for/, 15_000);
      await tui.showsState('beta', 'R?');
      await tui.press('?');
      await tui.shows(/Help/, 3_000);
      await tui.press('Escape');
      await tui.showsState('alpha', 'R');
    } finally {
      await agentB.run(['kill', '-CONT', pid]);
    }
    await tui.showsState('beta', 'R', 45_000);
  });

  test('a Docker that hangs is told, though its agent answers and nothing of it was closed', async () => {
    const pid = await mainPid(agentB, 'docker');
    await agentB.run(['kill', '-STOP', pid]);
    try {
      await tui.shows(/agent-b: Docker does not answer/, 30_000);
      await tui.showsState('beta', 'R?');
      await tui.showsState('alpha', 'R');
    } finally {
      await agentB.run(['kill', '-CONT', pid]);
    }
    await tui.showsState('beta', 'R', 45_000);
  });

  test('the status service is killed: what was seen stays, marked, and it comes back', async () => {
    await shell.run(['kill', '-9', await mainPid(shell, 'convocate-status')]);
    await tui.press('m'); // on the notice line other news may be first
    await tui.shows(/the connection to the status service is lost[^]*the status service is back/, 45_000);
    await tui.press('Escape');
    await tui.showsState('alpha', 'R', 45_000);
  });

  test('an agent is killed: its sessions run on and its rows come back', async () => {
    const before = (await named('alpha'))?.container_id;
    await agentA.run(['kill', '-9', await mainPid(agentA, 'convocate-agent')]);
    await tui.press('m');
    await tui.shows(/agent-a is down/, 45_000);
    await tui.press('Escape');
    await waitUntilShellSees(shell, ['agent-a']);
    await tui.showsState('alpha', 'R', 45_000);
    expect((await named('alpha'))?.container_id).toBe(before);
  });

  test('a session that ends by itself shows its exit code', async () => {
    const id = await newSession(shell, 'agent-a', 'mortal');
    await tui.showsState('mortal', 'R');
    const end = ['docker', 'exec', containerNameOf(id), 'sh', '-c', 'kill -9 $(cat /tmp/stand-in-pid)'];
    await pollUntil(async () => ((await agentA.exec(end)).exitCode === 0 ? true : undefined), {
      timeoutMs: 15_000,
      intervalMs: 200,
      what: 'the end of the program',
    });
    await tui.press('m');
    await tui.shows(/mortal on agent-a ended: exit code 137/);
    await tui.press('Escape', '!');
    await tui.shows(/\d+ of \d+ sessions/);
    expect(await tui.row('mortal')).toMatch(/exit 137/);
    await tui.press('!');
    await shell.run(['convocate', 'rm', 'mortal', '--yes'], { user: 'claude' });
  });

  test('the UI is killed in the middle of a session: the session and whoever else is in it go on', async () => {
    const before = await named('alpha');
    await using other = await Tui.open(shell, { name: 'other' });
    for (const one of [tui, other]) {
      await one.choose('alpha');
      await one.press('Enter');
      await one.shows(/tick \d/);
    }
    await shell.run(['pkill', '--oldest', '-KILL', '-u', 'claude', '-f', 'convocate.mjs$']);
    await tui.shows(/ended: 137/);
    await other.type('still here', 'Enter');
    await other.shows(/heard still here/);
    await other.press('C-b', 'd');
    const { container_id, started_at } = (await named('alpha')) ?? {};
    expect({ container_id, started_at }).toEqual({
      container_id: before?.container_id,
      started_at: before?.started_at,
    });
  });

  test('SIGTERM gives the terminal back', async () => {
    await shell.run(['pkill', '-TERM', '-u', 'claude', '-f', 'convocate.mjs$']);
    await tui.shows(/ended: \d+/);
    expect(await tui.terminal.screen()).not.toMatch(/S +NAME/);
  });
});

test('twenty sessions that print at once: every row is there and keys still count', async () => {
  const ids = await Promise.all(
    Array.from({ length: 18 }, (_, index) =>
      newSession(shell, index % 2 === 0 ? 'agent-a' : 'agent-b', `noisy-${index}`),
    ),
  );
  await tui.shows(/noisy-17/);
  // A thousand lines a second from each, until it is removed.
  const busy = 'i=0; while :; do for _ in {1..50}; do echo line $((++i)); done; sleep 0.05; done >/dev/pts/0';
  await Promise.all(
    ids.map(async (id, index) => {
      const agent = index % 2 === 0 ? agentA : agentB;
      await agent.run(['docker', 'exec', '--detach', containerNameOf(id), 'bash', '-c', busy]);
    }),
  );
  const lastLines = async (): Promise<number[]> =>
    await Promise.all(
      ids.map(async (id) => {
        const { stdout } = await shell.run(['convocate', 'screen', id], { user: 'claude' });
        return Number([...stdout.matchAll(/^line (\d+)$/gm)].at(-1)?.[1] ?? 0);
      }),
    );
  await expect.poll(async () => Math.min(...(await lastLines())), { timeout: 60_000 }).toBeGreaterThan(0);
  const before = await lastLines();
  await tui.press('End');
  for (const name of ['beta', 'noisy-17']) {
    await tui.choose(name);
    await tui.press('?');
    await tui.shows(/Help/, 10_000);
    await tui.press('Escape', 'Enter');
    await tui.shows(name === 'beta' ? /tick \d/ : /line \d{3}/);
    await tui.press('C-b', 'd');
    await tui.showsState(name, 'R');
  }
  const after = await lastLines();
  for (const [index, line] of before.entries()) expect(after[index]).toBeGreaterThan(line); // all of them still print
  for (const id of ids) await shell.run(['convocate', 'rm', id, '--yes'], { user: 'claude' });
  expect((await named('beta'))?.uuid).toBe(beta);
});
