// The user guide's "Push to each agent" and "What survives an update": two agents with running, attached and stopped
// sessions go from one release to the next, and everything that is to survive is compared to the byte.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots, type HostSnapshot, snapshotHost } from '../../lab/snapshot.ts';
import { openAttached } from './support/attached-terminal.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { addedBlobs, blobsOn, receivedBytes, serviceStart } from './support/measures.ts';
import { buildRelease, liveRelease, moveShellTo, wholly } from './support/releases.ts';
import { onlyEvent, type RolloutRun, runUpdate, warningsOf } from './support/rollout-run.ts';
import {
  expectStillCounting,
  installStandIn,
  type StandInState,
  standInState,
} from './support/session-stand-in.ts';
import { imageOf, killSession, newSession, restartSession, waitUntilShellSees } from './support/sessions.ts';
import { survivorsOfAgent, survivorsOfShell } from './support/survivors.ts';
import type { Terminal } from './support/terminal.ts';
import { Tui } from './support/tui.ts';

const labName = 'update-test';
const before = 'v1.1.0-update';
const after = 'v1.2.0-update';
const hosts = ['agent-a', 'agent-b'];

interface Planned {
  readonly bytes_to_send: number;
  readonly smallFiles: readonly { readonly sha256: string }[];
  readonly largeFiles: readonly { readonly sha256: string }[];
  readonly layers: readonly {
    readonly what: string;
    readonly sha256: string;
    readonly packedBytes: number;
  }[];
}

let lab: Lab;
let shell: Machine;
let agents: readonly Machine[];
/** uuids of sessions by name; each agent has one of each of the first two. */
const sessions = new Map<string, string>();
let watched: Terminal;
let planned: Planned;

function uuidOf(name: string): string {
  const uuid = sessions.get(name);
  if (uuid === undefined) throw new Error(`no session ${name}`);
  return uuid;
}

async function startSessions(agent: Machine): Promise<void> {
  const at = agent.hostname.at(-1) ?? '';
  await installStandIn(agent);
  for (const name of [`running-${at}`, `stopped-${at}`, `watched-${at}`]) {
    const uuid = await newSession(shell, agent.hostname, name);
    sessions.set(name, uuid);
    await standInState(agent, uuid);
    const work = `/home/claude/${uuid}/work`;
    const owner = 'claude';
    await agent.writeFile(`${work}/notes.md`, `what ${name} was doing\n`, { owner });
    await agent.writeFile(`${work}/blob`, Buffer.from([0, 255, 10, 13]), { mode: '0600', owner });
    await agent.run(['ln', '-s', '../work/notes.md', `${work}/link`]);
  }
  await killSession(shell, uuidOf(`stopped-${at}`));
}

beforeAll(async () => {
  const [old, next] = [await buildRelease({ version: before }), await buildRelease({ version: after })];
  lab = await freshCluster({ name: labName, agents: 2, tree: old });
  shell = lab.shell;
  agents = lab.agents;
  for (const agent of agents) await startSessions(agent);
  await moveShellTo(lab, next);
  await waitUntilShellSees(shell, hosts);
});

afterAll(() => lab?.close());

describe('a dry run', () => {
  test('changes nothing on any machine, and says what would be sent and which sessions stay behind', async () => {
    const pictures = await Promise.all(lab.machines.map((machine) => snapshotHost(machine)));
    const run = await runUpdate(shell, 'agent-a', '--dry-run');
    const again = await Promise.all(lab.machines.map((machine) => snapshotHost(machine)));
    expect(run.exitCode).toBe(0);
    const empty: HostSnapshot = new Map();
    const differences = pictures.map((picture, index) => diffSnapshots(picture, again[index] ?? empty));
    expect(differences).toEqual([[], [], []]);

    const plan = onlyEvent(run, 'plan');
    expect(plan).toMatchObject({ version: after, fromVersion: before, refusals: [], daemonReload: true });
    expect(plan['warnings']).toEqual(
      expect.arrayContaining(['running-a', 'watched-a'].map((name) => expect.stringContaining(stays(name)))),
    );
    expect(plan['warnings']).toHaveLength(2);
    planned = plan as unknown as Planned;
    expect(planned.layers).toHaveLength(1);
  });

  test('reads well for people, with the change of the unit as a diff', async () => {
    const argv = ['convocate-host', 'update', '--host', 'agent-a', '--dry-run'];
    const { stdout } = await shell.run(argv);
    expect(stdout).toContain(`agent-a: ${before} -> ${after}`);
    expect(stdout).toContain(`would send ${planned.bytes_to_send} bytes`);
    expect(stdout).toContain(`-# as of ${before}\n    +# as of ${after}`);
    expect(stdout).toContain('would run: systemctl daemon-reload');
  });
});

/** The words that name a session which stays on the older image. */
function stays(name: string): string {
  return `session ${name} (${uuidOf(name)}) runs on convocate:${before} and stays there`;
}

async function takeSurvivors(): Promise<HostSnapshot[]> {
  return await Promise.all([survivorsOfShell(shell), ...agents.map(survivorsOfAgent)]);
}

async function takeCounts(): Promise<Map<string, StandInState>> {
  const names = ['running-a', 'watched-a', 'running-b', 'watched-b'];
  const states = await Promise.all(names.map((name) => standInState(agentOf(name), uuidOf(name))));
  return new Map(names.map((name, index) => [name, states[index] as StandInState]));
}

describe('an update', () => {
  const runs: RolloutRun[] = [];
  let survivors: HostSnapshot[];
  let counting: Map<string, StandInState>;
  let blobsBefore: ReadonlySet<string>;

  beforeAll(async () => {
    watched = await openAttached(shell, 'watcher', uuidOf('watched-a'));
    await watched.waitFor(/tick \d+/);
    [survivors, counting] = [await takeSurvivors(), await takeCounts()];
    blobsBefore = await blobsOn(lab.agent(0));
    for (const host of hosts) runs.push(await runUpdate(shell, host));
  });

  afterAll(() => watched?.close());

  test('ends well and says so to machines', () => {
    expect(runs.map((run) => [run.exitCode, run.stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    for (const run of runs) {
      expect(onlyEvent(run, 'result')).toMatchObject({
        outcome: 'updated',
        from: before,
        version: after,
        sessions_on_older_image: 2,
      });
    }
  });

  test('names every session that stays on the older image', () => {
    const warned = runs.map(warningsOf);
    for (const [index, at] of ['a', 'b'].entries()) {
      const expected = [`running-${at}`, `watched-${at}`].map((name) => expect.stringContaining(stays(name)));
      expect(warned[index]).toEqual(expect.arrayContaining(expected));
      expect(warned[index]).toHaveLength(2);
    }
  });

  test('brings the release to both agents by every account', async () => {
    expect(await Promise.all(agents.map(liveRelease))).toEqual([wholly(after), wholly(after)]);
    const { stdout } = await shell.run(['convocate-host', 'status', '--json']);
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining(
        hosts.map((host): unknown =>
          expect.objectContaining({ host, up: true, version: after, image: `convocate:${after}` }),
        ),
      ),
    );
  });

  test('leaves containers, homes, keys, certificates, slice and agent id as they were, to the byte', async () => {
    const now = await takeSurvivors();
    expect(survivors.map((old, index) => diffSnapshots(old, now[index] as HostSnapshot))).toEqual([
      [],
      [],
      [],
    ]);
    // That these were looked at, and not an empty list of them.
    for (const picture of survivors.slice(1)) {
      const keys = [...picture.keys()];
      expect(keys.filter((key) => key.startsWith('container '))).toHaveLength(3);
      expect(keys).toEqual(
        expect.arrayContaining(
          ['host_key', 'agent_to_shell_key', 'authorized_keys', 'allowed_signers', 'agent-id'].map(
            (name) => `file /etc/convocate-agent/${name}`,
          ),
        ),
      );
      expect(keys.filter((key) => key.endsWith('/work/blob'))).toHaveLength(3);
      expect(picture.get('slice limits')).toMatch(/MemoryMax=\d{8,}\n/);
    }
  });

  test('interrupts no program: each counts on in the same process', async () => {
    for (const [name, state] of counting) await expectStillCounting(agentOf(name), uuidOf(name), state);
  });

  test('sends exactly the blobs and the bytes that the dry run named', async () => {
    const arrived = addedBlobs(blobsBefore, await blobsOn(lab.agent(0)));
    const files = [...planned.smallFiles, ...planned.largeFiles].map((blob) => blob.sha256);
    // What both releases hold under several paths is one blob; only those that were missing travel.
    expect([...arrived].toSorted()).toEqual(files.toSorted());
    expect((runs[0]?.events ?? []).find((one) => one.event === 'result')?.['sent_bytes']).toBe(
      planned.bytes_to_send,
    );
    const sent = (runs[0]?.events ?? []).filter(
      (one) => one.event === 'transfer' && one['sent'] === one['total'],
    );
    for (const layer of planned.layers) {
      expect(sent).toContainEqual(
        expect.objectContaining({ what: layer.what, sent: layer.packedBytes, total: layer.packedBytes }),
      );
    }
  });

  test('lets the operator attach again to the session that was watched', async () => {
    await watched.close();
    await waitUntilShellSees(shell, hosts);
    await using again = await openAttached(shell, 'again', uuidOf('watched-a'));
    const [, tick] = await again.waitFor(/tick (\d+)/);
    expect(Number(tick)).toBeGreaterThan(counting.get('watched-a')?.count ?? Infinity);
    await again.type('hello', 'Enter');
    await again.waitFor(/heard hello/);
  });
});

function agentOf(name: string): Machine {
  return lab.machine(`agent-${name.at(-1)}`);
}

describe('after an update', () => {
  test('new sessions and restarted ones are on the new image, untouched ones on the old', async () => {
    await waitUntilShellSees(shell, hosts);
    sessions.set('new-a', await newSession(shell, 'agent-a', 'new-a'));
    await killSession(shell, uuidOf('running-a'));
    await restartSession(shell, uuidOf('running-a'));
    await restartSession(shell, uuidOf('stopped-b'));
    const names = ['new-a', 'running-a', 'watched-a', 'stopped-a', 'running-b', 'stopped-b'];
    const images = await Promise.all(names.map((name) => imageOf(agentOf(name), uuidOf(name))));
    const [old, next] = [`convocate:${before}`, `convocate:${after}`];
    expect(Object.fromEntries(names.map((name, index) => [name, images[index]]))).toEqual({
      'new-a': next,
      'running-a': next,
      'watched-a': old,
      'stopped-a': old,
      'running-b': old,
      'stopped-b': next,
    });
  });

  test('status counts the sessions on an older image', async () => {
    const { stdout } = await shell.run(['convocate-host', 'status', '--json']);
    const status = JSON.parse(stdout) as {
      host: string;
      sessions: number;
      running: number;
      on_older_image: number;
    }[];
    const counts = status.map((one) => [one.host, one.sessions, one.running, one.on_older_image]);
    expect(counts).toHaveLength(2);
    expect(counts).toEqual(
      expect.arrayContaining([
        ['agent-a', 4, 3, 1],
        ['agent-b', 3, 3, 2],
      ]),
    );
  });

  test('the previous release is still there, as the way back', async () => {
    for (const agent of agents) {
      const { stdout } = await agent.run(['readlink', '/usr/local/lib/convocate/previous']);
      expect(stdout.trim()).toBe(`/usr/local/lib/convocate/releases/${before}`);
      await agent.run([`/usr/local/lib/convocate/releases/${before}/convocate-agent`, 'version']);
      await agent.run(['docker', 'image', 'inspect', `convocate:${before}`]);
    }
  });

  test('the host itself reports no drift', async () => {
    for (const agent of agents) {
      const { stdout } = await agent.run(['convocate-agent', 'install', '--check', '--json']);
      const { items } = JSON.parse(stdout) as { items: { item: string; state: string }[] };
      expect(items.length).toBeGreaterThan(15);
      expect(items.filter((item) => item.state !== 'ok')).toEqual([]);
    }
  });

  test('a second one finds nothing to do: it restarts nothing, changes nothing and sends next to nothing', async () => {
    const agent = lab.agent(0);
    const [picture, service] = [await snapshotHost(agent), await serviceStart(agent)];
    const received = await receivedBytes(agent);
    const run = await runUpdate(shell, 'agent-a');
    expect((await receivedBytes(agent)) - received).toBeLessThan(100_000);
    expect(onlyEvent(run, 'result')).toMatchObject({ outcome: 'unchanged', version: after, sent_bytes: 0 });
    expect(await serviceStart(agent)).toEqual(service);
    expect(diffSnapshots(picture, await snapshotHost(agent))).toEqual([]);
  });

  test('the list leads through the cutover: (u) shows what is left, (K)ill, (R)estart, and one less is left', async () => {
    await using tui = await Tui.open(shell, { name: 'cutover', cols: 140 });
    await tui.press('u');
    const [, left] = await tui.shows(/(\d+) of 7 sessions/);
    expect(await tui.row('watched-b')).toContain(`${before}*`);
    expect(await tui.terminal.screen()).not.toMatch(/running-a|new-a/);
    await tui.choose('watched-b');
    await tui.press('k');
    await tui.shows(/Kill this session\?[^]*watched-b/);
    await tui.press('y');
    await tui.showsState('watched-b', '-');
    await tui.press('r');
    await tui.showsState('watched-b', 'R');
    expect(await tui.row('watched-b')).toMatch(new RegExp(`${after.replaceAll('.', String.raw`\.`)} `));
    expect(await imageOf(agentOf('watched-b'), uuidOf('watched-b'))).toBe(`convocate:${after}`);
    await tui.press('Escape', 'Escape', 'u');
    await tui.shows(new RegExp(`${Number(left) - 1} of 7 sessions`));
    expect(await tui.row('running-b')).toContain(`${before}*`);
    expect(await tui.terminal.screen()).not.toContain('watched-b');
  });
});
