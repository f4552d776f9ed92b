import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Simulation } from '../../bench/simulated/simulation.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { exitOf, startProcess } from '../../src/base/run-command.ts';
import type { ClusterPicture } from '../../src/cluster/cluster-picture.ts';
import type { ClusterWatch, WatchNews } from '../../src/cluster/cluster-watch.ts';
import { ShellClient } from '../../src/cluster/shell-client.ts';
import type { StatusService } from '../../src/convocate/status-service/status-service.ts';
import type { AgentView, ClusterChange, SessionView } from '../../src/protocol/shell-socket.ts';
import { publicBlobOf } from '../../src/ssh/keys.ts';
import { type EventSender, ScriptedAgent } from './cluster-scripted-agent.ts';
import { freePort } from './support/free-port.ts';
import { ServiceCluster } from './support/service-cluster.ts';

const MAIN = new URL('../../src/convocate/main.ts', import.meta.url).pathname;
let cluster: ServiceCluster;
let watch: ClusterWatch | undefined;
let news: WatchNews[];

beforeEach(async () => {
  cluster = await ServiceCluster.open();
  news = [];
});

afterEach(async () => {
  watch?.close();
  await cluster[Symbol.asyncDispose]();
});

async function agent(agentId: string, host: string): Promise<ScriptedAgent> {
  return await cluster.agent(agentId, host);
}

async function start(port = 0): Promise<StatusService> {
  return await cluster.start({ port });
}

function client(): ShellClient {
  return new ShellClient({ user: 'ann', from: 'local' }, cluster.socketPath);
}

function begin(): void {
  watch = client().watch((one) => news.push(one));
}

/** Waits for a picture of which `probe` gives something. */
async function sees<T>(what: string, probe: (picture: ClusterPicture) => T | undefined): Promise<T> {
  return await pollUntil(
    async () => {
      const picture = news.at(-1)?.picture;
      return picture && (probe(picture) || undefined);
    },
    { timeoutMs: 30_000, intervalMs: 5, what },
  );
}

const sessionNamed =
  (name: string) =>
  (picture: ClusterPicture): SessionView | undefined =>
    [...picture.sessions.values()].find((view) => view.name === name);
const agentOn =
  (host: string) =>
  (picture: ClusterPicture): AgentView | undefined =>
    [...picture.agents.values()].find((view) => view.host === host);
const isUp = (host: string) => (picture: ClusterPicture) => agentOn(host)(picture)?.up;

/** The agent's events, the snapshot behind it. */
async function eventsOf(one: ScriptedAgent, port: number): Promise<EventSender> {
  const events = await one.sendEvents(port, publicBlobOf(cluster.hostKey.publicKey));
  events.send({ type: 'agent.snapshot', data: { sessions: [...one.sessions.values()] } });
  return events;
}

test('all there is, then what changes: a session that dies says how, one that is removed is gone', async () => {
  const one = await agent('aaaaaaaa', 'one');
  const session = one.addSession('s', { running: true });
  one.addSession('other');
  await one.register(cluster.keys);
  const { port } = await start();
  begin();
  await sees('the sessions', (picture) => picture.sessions.size === 2 && isUp('one')(picture));
  expect(news[0]).toMatchObject({ kind: 'snapshot', picture: { version: 'development' } });
  const other = sessionNamed('other')(news.at(-1)?.picture as ClusterPicture);

  const events = await eventsOf(one, port);
  const dead = { ...session, running: false, exit_code: 137, oom_killed: true };
  events.send({ type: 'container.died', session_id: session.uuid, data: dead });
  const row = await sees('the end', (picture) => {
    const found = sessionNamed('s')(picture);
    return found?.running === false ? found : undefined;
  });
  expect(row).toMatchObject({ exit_code: 137, oom_killed: true, host: 'one', stale: false });
  expect(sessionNamed('other')(news.at(-1)?.picture as ClusterPicture)).toBe(other);

  events.send({ type: 'container.deleted', session_id: session.uuid, data: dead });
  await sees('it is gone', (picture) => picture.sessions.size === 1);
  expect((news.at(-1) as { change?: ClusterChange }).change?.gone_sessions).toEqual([
    { agent_id: 'aaaaaaaa', uuid: session.uuid },
  ]);
  await events.connection.close();
});

test('an agent that is registered later appears; one that is removed goes with its sessions', async () => {
  await start();
  begin();
  await sees('nothing', (picture) => picture.agents.size === 0);
  const late = await agent('aaaaaaaa', 'late');
  late.addSession('s');
  await late.register(cluster.keys);
  await sees('it is up', isUp('late'));
  await sees('its session', sessionNamed('s'));
  await rm(join(cluster.keys, 'aaaaaaaa'), { recursive: true });
  await sees('it is gone', (picture) => picture.agents.size === 0 && picture.sessions.size === 0);
});

test('an agent that is down at the start is shown, says why, and comes by itself', async () => {
  const down = await agent('aaaaaaaa', 'down');
  down.addSession('s');
  await down.register(cluster.keys);
  await down.stop();
  await start();
  begin();
  const view = await sees('why', (picture) => {
    const found = agentOn('down')(picture);
    return found?.problem?.includes('ECONNREFUSED') ? found : undefined;
  });
  expect(view.up).toBe(false);
  await down.start();
  await sees('it is up', isUp('down'));
  await sees('its session', sessionNamed('s'));
});

test('a client that does not read is sent no more than fits, and the outcome when it reads', async () => {
  const one = await agent('aaaaaaaa', 'one');
  const session = one.addSession('s');
  await one.register(cluster.keys);
  const { port } = await start();
  begin();
  await sees('it is up', isUp('one'));
  const slow = await rawWatch();
  const events = await eventsOf(one, port);
  const changes = 300;
  const weight = 'x'.repeat(100_000);
  for (let attached = 1; attached <= changes; attached += 1) {
    events.send({
      type: 'container.attached',
      session_id: session.uuid,
      data: { ...session, attached, image: weight },
    });
    await sees('a client that reads is told of each', (picture) =>
      [...picture.sessions.values()].some((view) => view.attached === attached),
    );
  }
  let bytes = 0;
  let last = '';
  slow.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    last = (last + String(chunk)).slice(-2 * weight.length);
  });
  slow.resume();
  await pollUntil(async () => last.includes(`"attached":${changes},`) || undefined, {
    timeoutMs: 15_000,
    intervalMs: 10,
    what: 'the last change',
  });
  expect(bytes).toBeLessThan((changes * weight.length) / 10);
  slow.destroy();
  await events.connection.close();
});

test('the end of the client ends the watch, also where it ends only its own side', async () => {
  await start();
  const socket = await rawWatch();
  socket.resume();
  socket.end();
  await once(socket, 'end'); // the service has ended its side
});

/** A client that has asked, and reads nothing. */
async function rawWatch(): Promise<Socket> {
  const socket = connect({ path: cluster.socketPath, allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write('{"op":"watch"}\n');
  socket.pause();
  return socket;
}

test('a service that is killed and started again is missed, and gives a fresh picture without losing one row', async () => {
  const one = await agent('aaaaaaaa', 'one');
  one.addSession('stays');
  const goes = one.addSession('goes');
  await one.register(cluster.keys);
  const port = await freePort();
  const argv = [
    process.execPath,
    MAIN,
    'status-serve',
    '--socket',
    cluster.socketPath,
    '--agent-keys',
    cluster.keys,
  ];
  argv.push('--host-key', join(cluster.dir, 'host_key'), '--address', '127.0.0.1', '--port', String(port));
  const first = startProcess(argv, { stdio: 'ignore' });
  let second: ReturnType<typeof startProcess> | undefined;
  try {
    begin();
    await sees('it is up', isUp('one'));
    const kept = sessionNamed('stays')(news.at(-1)?.picture as ClusterPicture);
    const before = news.length;
    first.kill('SIGKILL');
    await exitOf(first);
    await pollUntil(async () => news.slice(before).find(({ kind }) => kind === 'lost'), {
      timeoutMs: 10_000,
      intervalMs: 5,
      what: 'the loss',
    });
    one.sessions.delete(goes.uuid);
    second = startProcess(argv, { stdio: 'ignore' });
    await sees('a fresh picture', (picture) => picture.sessions.size === 1 && isUp('one')(picture));
    expect(news.slice(before).some(({ kind }) => kind === 'snapshot')).toBe(true);
    for (const { picture } of news.slice(before))
      expect(picture && sessionNamed('stays')(picture)).toBeDefined();
    expect(sessionNamed('stays')(news.at(-1)?.picture as ClusterPicture)).toEqual(kept);
  } finally {
    for (const child of [first, second]) child?.kill('SIGKILL');
    if (second) await exitOf(second);
  }
});

test('an agent that is stopped in the middle turns stale, holds up nobody, refuses at once and comes back', async () => {
  const well = await agent('bbbbbbbb', 'well');
  const session = well.addSession('fine');
  await well.register(cluster.keys);
  const port = await freePort();
  await using hung = await Simulation.start({
    directory: cluster.dir,
    statusPort: port,
    agents: 1,
    sessions: 3,
  });
  await start(port);
  begin();
  const host = 'host-00.example';
  await sees('both are up', (picture) => isUp(host)(picture) && isUp('well')(picture));
  await sees('all sessions', (picture) => picture.sessions.size === 4);
  const events = await eventsOf(well, port);
  hung.process.kill('SIGSTOP');
  const stoppedAtMs = performance.now();

  events.send({ type: 'container.attached', session_id: session.uuid, data: { ...session, attached: 1 } });
  await sees('the other goes on', (picture) => sessionNamed('fine')(picture)?.attached === 1);
  expect(agentOn(host)(news.at(-1)?.picture as ClusterPicture)?.up).toBe(true);

  const view = await sees('it is stale', (picture) => {
    const found = agentOn(host)(picture);
    return found?.up === false ? found : undefined;
  });
  expect(performance.now() - stoppedAtMs).toBeLessThan(15_000);
  expect(Date.now() - Date.parse(view.since)).toBeLessThan(15_000);
  expect(view.problem).toMatch(/^the agent did not answer ping within 4 s; it last answered at \d{4}-/);
  const stale = [...(news.at(-1)?.picture?.sessions.values() ?? [])].filter((one) => one.stale);
  expect(stale.map((one) => one.host)).toEqual([host, host, host]);

  await expect(client().call('sim00000', 'list', null)).rejects.toThrow(
    /^host-00\.example \(sim00000\) does not answer since .*: the agent did not answer ping/,
  );
  events.send({ type: 'container.attached', session_id: session.uuid, data: { ...session, attached: 2 } });
  await sees('the other goes on', (picture) => sessionNamed('fine')(picture)?.attached === 2);

  hung.process.kill('SIGCONT');
  await sees('it is back', isUp(host));
  expect([...(news.at(-1)?.picture?.sessions.values() ?? [])].some((one) => one.stale)).toBe(false);
  await hung.order({ do: 'add', agent: 'sim00000', name: 'after' });
  await sees('what it does now', sessionNamed('after'));
  await events.connection.close();
});

test('agents of the simulated cluster hang, die, come back and change their sessions as they are told', async () => {
  const statusPort = await freePort();
  await using simulated = await Simulation.start({
    directory: cluster.dir,
    statusPort,
    agents: 3,
    sessions: 30,
  });
  await start(statusPort);
  begin();
  const [first, second, third] = ['host-00.example', 'host-01.example', 'host-02.example'] as const;
  await sees('all are up', (picture) => [first, second, third].every((host) => isUp(host)(picture)));
  await sees('their events come', (picture) =>
    [...picture.agents.values()].every((view) => view.status_link?.up),
  );
  await simulated.order({ do: 'hang', agent: 'sim00000' });
  await simulated.order({ do: 'die', agent: 'sim00001' });
  await sees('the dead one is down', (picture) => agentOn(second)(picture)?.up === false);
  await simulated.order({ do: 'touch', count: 90, every_ms: 0, mark: true }); // a dead agent's events are lost, others' not
  await sees('a burst of changes', (picture) =>
    [...picture.sessions.values()].some(
      (view) => view.host === third && view.activity?.detail.startsWith('at '),
    ),
  );
  const { uuid } = await simulated.order({ do: 'add', agent: 'sim00002', name: 'brief' });
  await sees('a new session', sessionNamed('brief'));
  await simulated.order({ do: 'remove', agent: 'sim00002', uuid: String(uuid) });
  await sees('it is gone', (picture) => picture.sessions.size === 30);
  expect((await client().call('sim00002', 'screen', { id: String(uuid) })).rows).toBe(24);
  await sees('the hung one is down', (picture) => agentOn(first)(picture)?.up === false);
  await simulated.order({ do: 'wake', agent: 'sim00000' });
  await simulated.order({ do: 'come_back', agent: 'sim00001' });
  await sees('all are up', (picture) => [first, second, third].every((host) => isUp(host)(picture)));
});
