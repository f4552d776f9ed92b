import { stat, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { type CommandResult, runCommand } from '../../src/base/run-command.ts';
import { ShellClient } from '../../src/cluster/shell-client.ts';
import { serviceLogTo } from '../../src/convocate/status-service/service-log.ts';
import type { StatusService } from '../../src/convocate/status-service/status-service.ts';
import { encodeFrame } from '../../src/protocol/attach-frames.ts';
import { publicBlobOf } from '../../src/ssh/keys.ts';
import { ScriptedAgent } from './cluster-scripted-agent.ts';
import { ServiceCluster } from './support/service-cluster.ts';

const MAIN = new URL('../../src/convocate/main.ts', import.meta.url).pathname;
const never = (): Promise<never> => new Promise(() => {});
const operator = { user: 'ann', from: '10.0.0.9' };

let cluster: ServiceCluster;
let log: Record<string, unknown>[];

beforeEach(async () => {
  cluster = await ServiceCluster.open();
  log = [];
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function agent(agentId: string, host: string): Promise<ScriptedAgent> {
  return await cluster.agent(agentId, host);
}

async function start(options: { pace?: { pingMs: number } } = {}): Promise<StatusService> {
  const write = (line: string): void => void log.push(JSON.parse(line) as Record<string, unknown>);
  return await cluster.start({ log: serviceLogTo({ write }), ...options });
}

function client(): ShellClient {
  return new ShellClient(operator, cluster.socketPath);
}

async function eventually<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  return await pollUntil(async () => (await probe()) || undefined, {
    timeoutMs: 15_000,
    intervalMs: 10,
    what,
  });
}

async function up(...wanted: ScriptedAgent[]): Promise<void> {
  await eventually('the agents are up', async () => {
    const views = await client().agents();
    return wanted.every(({ agentId }) => views.find((view) => view.agent_id === agentId)?.up);
  });
}

async function cli(...args: string[]): Promise<CommandResult> {
  return await runCommand([process.execPath, MAIN, ...args], {
    env: { ...process.env, CONVOCATE_SOCKET: cluster.socketPath, SSH_CONNECTION: '192.0.2.7 1 192.0.2.1 22' },
  });
}

describe('the service', () => {
  test('works without any agent, and takes one up that is registered later', async () => {
    await start();
    expect(await client().agents()).toEqual([]);
    expect((await stat(cluster.socketPath)).mode & 0o777).toBe(0o660);
    const late = await agent('aaaaaaaa', 'late');
    late.addSession('one');
    await late.register(cluster.keys);
    await cluster.service?.live.rescan();
    await up(late);
    expect((await client().sessions()).map(({ name, host, stale }) => ({ name, host, stale }))).toEqual([
      { name: 'one', host: 'late', stale: false },
    ]);
  });

  test('is noticed by its watch of the directory as well', async () => {
    const first = await agent('aaaaaaaa', 'first');
    await first.register(cluster.keys);
    await start();
    const second = await agent('bbbbbbbb', 'second');
    await second.register(cluster.keys);
    await up(first, second);
  });

  test('a hung agent delays nobody, and is told as down', { timeout: 20_000 }, async () => {
    const hung = await agent('aaaaaaaa', 'hung');
    hung.handlers.set('ping', never);
    const well = await agent('bbbbbbbb', 'well');
    well.addSession('fine');
    await Promise.all([hung.register(cluster.keys), well.register(cluster.keys)]);
    await start();
    await up(well);
    expect((await client().sessions()).map(({ name }) => name)).toEqual(['fine']);
    expect(await client().agents()).toMatchObject([
      { host: 'hung', up: false, problem: 'not connected yet' },
      { host: 'well', up: true, version: 'v2', image_tag: 'convocate:v2' },
    ]);
    await expect(client().call('aaaaaaaa', 'list', null)).rejects.toThrow(
      /^hung \(aaaaaaaa\) does not answer since .*: not connected yet/,
    );
    const problem = await eventually('the hung agent is told as down', async () => {
      const [view] = await client().agents();
      return view?.problem?.startsWith('the agent did not answer ping') ? view.problem : undefined;
    });
    expect(problem).toBe('the agent did not answer ping within 4 s');
  });

  test('a slow agent answers late, others meanwhile', async () => {
    const slow = await agent('aaaaaaaa', 'slow');
    const session = slow.addSession('s');
    const { promise: released, resolve: release } = Promise.withResolvers<{ ok: true; result: null }>();
    slow.handlers.set('kill', () => released);
    const quick = await agent('bbbbbbbb', 'quick');
    const other = quick.addSession('q');
    await Promise.all([slow.register(cluster.keys), quick.register(cluster.keys)]);
    await start();
    await up(slow, quick);
    const pending = client().call('aaaaaaaa', 'kill', { id: session.uuid });
    await client().call('bbbbbbbb', 'kill', { id: other.uuid });
    await client().call('aaaaaaaa', 'get', { id: session.uuid });
    release({ ok: true, result: null });
    expect(await pending).toBeNull();
  });

  test('an agent with its fill of calls stays up: more wait for their turn, and what was interrupted is not sent', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s');
    const { promise: released, resolve: release } = Promise.withResolvers<{ ok: true; result: null }>();
    const asked: string[] = [];
    one.handlers.set('restart', (params) => {
      asked.push(String(params['id']));
      return released;
    });
    await one.register(cluster.keys);
    const service = await start({ pace: { pingMs: 20 } });
    await up(one);
    const restarts = Array.from({ length: 30 }, () =>
      client().call('aaaaaaaa', 'restart', { id: session.uuid }),
    );
    await eventually('twenty are under way', () => asked.length === 20);
    const interrupted = connectSocket(cluster.socketPath);
    const kill = { op: 'kill', params: { id: session.uuid } };
    interrupted.write(`${JSON.stringify({ op: 'call', agent_id: 'aaaaaaaa', rpc: kill, operator })}\n`);
    const pings = (): number => one.calls.filter((op) => op === 'ping').length;
    const before = pings();
    await eventually('it is pinged all the while', () => pings() > before + 5);
    await service.live.refresh('aaaaaaaa', 10_000);
    expect((await client().agents())[0]).toMatchObject({ up: true });
    interrupted.destroy();
    await eventually('the interrupted one is logged', () => log.find(({ op }) => op === 'kill'));
    release({ ok: true, result: null });
    await Promise.all(restarts);
    expect(asked).toHaveLength(30);
    expect(one.calls).not.toContain('kill');
    expect(log.filter(({ msg }) => msg === 'agent is down')).toEqual([]);
    expect(log.find(({ op }) => op === 'kill')).toMatchObject({ outcome: 'refused', code: 'busy' });
  });

  test('an agent that dies keeps its sessions in the list, stale, and comes back by itself', async () => {
    const mortal = await agent('aaaaaaaa', 'mortal');
    mortal.addSession('kept', { running: true, image: 'convocate:v1' });
    await mortal.register(cluster.keys);
    await start();
    await up(mortal);
    await mortal.stop();
    const stale = await eventually('stale', async () =>
      (await client().sessions()).find((view) => view.stale),
    );
    expect(stale).toMatchObject({ name: 'kept', host: 'mortal', older_image: true });
    const [down] = await client().agents();
    expect(down).toMatchObject({ up: false });
    mortal.addSession('more');
    await mortal.start();
    await up(mortal);
    expect((await client().sessions()).map(({ name, stale }) => ({ name, stale }))).toEqual([
      { name: 'kept', stale: false },
      { name: 'more', stale: false },
    ]);
  });

  test('an agent that is down when the service starts is there, marked, and comes by itself', async () => {
    const late = await agent('aaaaaaaa', 'late');
    late.addSession('s');
    await late.register(cluster.keys);
    await late.stop();
    await start();
    await eventually('it is down', async () =>
      (await client().agents()).find(({ up: isUp, problem }) => !isUp && problem?.includes('ECONNREFUSED')),
    );
    await late.start();
    await up(late);
    expect((await client().sessions()).map(({ name, stale }) => `${name} ${stale}`)).toEqual(['s false']);
  });

  test('an agent that stops answering on a standing connection is found by the probe', async () => {
    const agent1 = await agent('aaaaaaaa', 'one');
    await agent1.register(cluster.keys);
    await start({ pace: { pingMs: 30 } });
    await up(agent1);
    agent1.handlers.set('ping', () => ({ ok: false, error: 'out of order', code: 'internal' }));
    const view = await eventually('down', async () => (await client().agents()).find(({ up }) => !up));
    expect(view.problem).toBe('out of order');
    agent1.handlers.delete('ping');
    await up(agent1);
  });

  test('an agent that moved is dialled at its new place, its sessions staying in the list', async () => {
    const one = await agent('aaaaaaaa', 'one');
    one.addSession('s');
    await one.register(cluster.keys, { port: 1, host: 'wrong' });
    await start();
    await eventually('it is down', async () =>
      (await client().agents()).find(({ problem }) => problem?.includes('ECONNREFUSED')),
    );
    await one.register(cluster.keys);
    await cluster.service?.live.rescan();
    await up(one);
    await one.register(cluster.keys, { host: 'renamed' });
    await cluster.service?.live.rescan();
    expect((await client().sessions()).map(({ name, host }) => `${name} ${host}`)).toEqual(['s renamed']);
    await up(one);
  });

  test('one that answers with another id is not believed', async () => {
    const impostor = await agent('aaaaaaaa', 'x');
    impostor.handlers.set('ping', () => ({
      ok: true,
      result: { agent_id: 'zzzzzzzz', version: 'v2', protocol: 1, server_time: '', image_tag: '' },
    }));
    await impostor.register(cluster.keys);
    await start();
    await eventually('the problem', async () =>
      (await client().agents()).find(
        ({ problem }) => problem === 'another agent answers there: zzzzzzzz instead of aaaaaaaa',
      ),
    );
  });

  test('a damaged entry is shown and hides no other', async () => {
    const well = await agent('bbbbbbbb', 'well');
    const broken = await agent('aaaaaaaa', 'broken');
    await Promise.all([well.register(cluster.keys), broken.register(cluster.keys)]);
    await writeFile(join(cluster.keys, 'aaaaaaaa', 'agent.json'), '{');
    await start();
    await up(well);
    const view = (await client().agents()).find(({ agent_id }) => agent_id === 'aaaaaaaa');
    expect(view).toMatchObject({
      up: false,
      problem: expect.stringContaining('aaaaaaaa/agent.json is damaged'),
    });
  });
});

describe('events on 223', () => {
  test('change the view; a gap asks for a list', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s');
    await one.register(cluster.keys);
    const { port } = await start();
    await up(one);
    const events = await one.sendEvents(port, publicBlobOf(cluster.hostKey.publicKey));
    events.send({ type: 'agent.snapshot', data: { sessions: [session] } });
    events.send({
      type: 'container.started',
      session_id: session.uuid,
      data: { ...session, running: true, attached: 2 },
    });
    await eventually('the event is seen', async () =>
      (await client().sessions()).find(({ running, attached }) => running && attached === 2),
    );
    one.sessions.clear();
    one.addSession('other');
    one.calls.length = 0;
    events.send({ type: 'agent.heartbeat', data: { load: [1, 2, 3], slice: noUsage } }, { seq: 9 });
    await eventually(
      'the list is new',
      async () => (await client().sessions()).map(({ name }) => name).join() === 'other',
    );
    expect(one.calls).toContain('list');
    expect((await client().agents())[0]?.load).toEqual([1, 2, 3]);
    await events.connection.close();
  });

  test('of one agent that claims to be another are dropped and logged; damaged ones too', async () => {
    const liar = await agent('aaaaaaaa', 'liar');
    const victim = await agent('bbbbbbbb', 'victim');
    const session = victim.addSession('precious');
    await Promise.all([liar.register(cluster.keys), victim.register(cluster.keys)]);
    const { port } = await start();
    await up(liar, victim);
    const events = await liar.sendEvents(port, publicBlobOf(cluster.hostKey.publicKey));
    const gone = { type: 'container.deleted', session_id: session.uuid, data: session } as const;
    events.send(gone, { agent_id: 'bbbbbbbb', seq: 1 });
    events.sendRaw('{"type":"nonsense"}\n');
    events.send({ type: 'agent.snapshot', data: { sessions: [session] } }, { seq: 1 });
    await eventually('all three lines were read', () => log.find(({ type }) => type === 'agent.snapshot'));
    expect((await client().sessions()).map(({ name, host }) => `${name} ${host}`)).toEqual([
      'precious victim',
    ]);
    expect(log).toContainEqual(
      expect.objectContaining({
        msg: 'an event for another agent was dropped',
        agent: 'aaaaaaaa',
        claimed: 'bbbbbbbb',
      }),
    );
    expect(log).toContainEqual(
      expect.objectContaining({ msg: 'a damaged event was dropped', agent: 'aaaaaaaa' }),
    );
    await events.connection.close();
  });

  test('are taken from registered agents only', async () => {
    const { port } = await start();
    const stranger = new ScriptedAgent('cccccccc', 'stranger');
    await expect(stranger.sendEvents(port, publicBlobOf(cluster.hostKey.publicKey))).rejects.toThrow();
  });
});

const noUsage = { memory_bytes: null, memory_max_bytes: null, cpu_usage_ns: null, tasks: null };

describe('the local socket', () => {
  test('logs each change with who, what, where and outcome, and no reading', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s', { running: true });
    await one.register(cluster.keys);
    await start();
    await up(one);
    await client().call('aaaaaaaa', 'get', { id: session.uuid });
    await client().call('aaaaaaaa', 'kill', { id: session.uuid });
    expect((await client().sessions())[0]?.running).toBe(false);
    await client().call('aaaaaaaa', 'restart', { id: session.uuid });
    await expect(client().call('aaaaaaaa', 'restart', { id: session.uuid })).rejects.toThrow('s is running');
    const what = {
      msg: 'change',
      agent: 'aaaaaaaa',
      host: 'one',
      who: operator,
      session: session.uuid,
    };
    expect(log.filter(({ msg }) => msg === 'change')).toMatchObject([
      { ...what, op: 'kill', outcome: 'done' },
      { ...what, op: 'restart', outcome: 'done' },
      { ...what, op: 'restart', outcome: 'refused', code: 'conflict', problem: 's is running' },
    ]);
  });

  test('logs that something was sent, and nothing of what somebody typed', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s', { running: true });
    await one.register(cluster.keys);
    await start();
    await up(one);
    const sent = { id: session.uuid, text: 'my-password', keys: ['Enter'] };
    await client()
      .call('aaaaaaaa', 'send', sent)
      .catch(() => undefined); // this agent may not know how
    const lines = log.filter(({ msg }) => msg === 'change');
    expect(lines).toMatchObject([{ op: 'send', session: session.uuid }]);
    expect(JSON.stringify(log)).not.toContain('my-password');
  });

  test.each<[string, string, string]>([
    ['no JSON\n', 'bad_request', 'the request is not JSON'],
    ['{"op":"dance"}\n', 'unknown_op', 'no request "dance"'],
    ['{"op":"resize","attach_id":"x","cols":80,"rows":24}\n', 'not_found', 'no such terminal is open'],
    [
      '{"op":"resize","attach_id":"x","cols":0,"rows":24}\n',
      'bad_request',
      'cols and rows must be 1 to 1000',
    ],
    [
      `{"op":"call","agent_id":"aaaaaaaa","rpc":{"op":"list"},"operator":{"user":"a","from":"b"}}\n`,
      'not_found',
      'no agent aaaaaaaa is registered',
    ],
    [
      `{"op":"call","agent_id":"aaaaaaaa","rpc":{"op":"kill","params":{"id":".."}},"operator":{"user":"a","from":"b"}}\n`,
      'bad_request',
      'params.id: must be a UUID of version 4',
    ],
  ])('refuses %s', async (line, code, error) => {
    await start();
    expect(JSON.parse(await say(line))).toEqual({ ok: false, error, code });
  });

  test('refuses a line that is too long', async () => {
    await start();
    const answer: unknown = JSON.parse(await say(`${'x'.repeat(1024 * 1024 + 2)}\n`));
    expect(answer).toEqual({ ok: false, code: 'bad_request', error: 'a line is longer than 1048576 bytes' });
  });

  test('takes over the socket of a service that died, not of one that lives', async () => {
    await start();
    await expect(cluster.start()).rejects.toThrow('another service answers');
    expect(await client().agents()).toEqual([]);
  });
});

/** Sends `text`, half-closes as `nc` would, and gives all that comes back. */
async function say(text: string): Promise<string> {
  const socket = connectSocket({ path: cluster.socketPath, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.end(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('attaching', () => {
  test('relays bytes both ways unchanged, resizes, and detaches when the client ends', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s');
    await one.register(cluster.keys);
    await start();
    await up(one);
    const terminal = await client().attach('aaaaaaaa', headerFor(session.uuid));
    expect(one.terminals[0]?.header).toEqual(headerFor(session.uuid));
    const { socket } = terminal;
    let seen = terminal.first;
    socket.on('data', (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
    });
    socket.resume();
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    socket.write(every);
    await eventually('all came back', () => seen.includes(every));
    await terminal.resize(132, 43);
    await eventually('the size arrived', () => one.terminals[0]?.sizes.at(-1)?.join() === '132,43');
    socket.end();
    await eventually('the detach is logged', () => log.find(({ msg }) => msg === 'detached'));
    await expect(terminal.resize(80, 24)).rejects.toThrow('no such terminal is open');
  });

  test('slows the session down to what the client reads, and loses nothing', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s');
    await one.register(cluster.keys);
    const total = 48 * 1024 * 1024;
    let sent = 0;
    one.onAttach = ({ channel }) => {
      const pump = (): void => {
        while (sent < total) {
          sent += 65_536;
          if (!channel.write(Buffer.alloc(65_536, sent / 65_536))) {
            channel.once('drain', pump);
            return;
          }
        }
        channel.exit(0);
        channel.end();
      };
      pump();
    };
    await start();
    await up(one);
    const { socket, first } = await client().attach('aaaaaaaa', headerFor(session.uuid));
    socket.pause();
    let before = -1;
    await eventually('the sender stands still', () => {
      const still = before === sent;
      before = sent;
      return still;
    });
    expect(sent).toBeLessThan(total / 2);
    let received = first.length;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    expect(received).toBe(total);
  });

  test('goes on while the agent answers no calls, for it is its terminal that the operator needs then', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s');
    await one.register(cluster.keys);
    await start({ pace: { pingMs: 30 } });
    await up(one);
    const { socket, first } = await client().attach('aaaaaaaa', headerFor(session.uuid));
    let seen = first;
    socket.on('data', (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
    });
    socket.resume();
    one.handlers.set('ping', () => ({ ok: false, error: 'out of order', code: 'internal' }));
    await eventually('it is told as down', async () => (await client().agents()).find(({ up }) => !up));
    socket.write('still here');
    await eventually('the echo', () => seen.includes('still here'));
    one.handlers.delete('ping');
    await up(one);
    expect(socket.closed).toBe(false);
    socket.destroy();
  });

  describe('given up while the terminal is being opened', () => {
    const left = encodeFrame({ type: 'end', end: { reason: 'left' } }).toString('latin1');
    const hello = encodeFrame({ type: 'hello', keys: 0, output: 0 });
    const resumable = { terminal_id: '11111111-1111-4111-8111-111111111111' };

    test.each([
      ['a new one that would be held is left', { resumable }, hello, left],
      [
        'one that was held stays so: its client tries again',
        { resumable: { ...resumable, received: 0 } },
        hello,
        '',
      ],
      ['raw bytes are no keys', {}, hello, ''],
      ['an agent of an older release gets no frames', { resumable }, Buffer.from('\u001b[?1049h'), ''],
    ])('%s', async (_, fields, first, told) => {
      const one = await agent('aaaaaaaa', 'one');
      const session = one.addSession('s');
      await one.register(cluster.keys);
      one.onAttach = () => {}; // it takes its time
      await start();
      await up(one);
      const stop = new AbortController();
      const header = { ...headerFor(session.uuid), ...fields };
      const opening = client().attach('aaaaaaaa', header, { signal: stop.signal });
      const { channel } = await eventually('the agent opens it', () => one.terminals[0]);
      stop.abort();
      await expect(opening).rejects.toThrow();
      let heard = '';
      channel.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
      channel.on('end', () => channel.end()).resume();
      channel.write(first);
      await eventually('the detach is logged', () => log.find(({ msg }) => msg === 'detached'));
      expect(heard).toBe(told);
    });
  });

  test('is refused in the words of the agent', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const session = one.addSession('s');
    await one.register(cluster.keys);
    one.onAttach = ({ channel }) => {
      channel.end('{"ok":false,"error":"image convocate:v0 is gone"}\n');
    };
    await start();
    await up(one);
    await expect(client().attach('aaaaaaaa', headerFor(session.uuid))).rejects.toThrow(
      'image convocate:v0 is gone',
    );
  });
});

function headerFor(id: string): { id: string; cols: number; rows: number; term: string; read_only: boolean } {
  return { id, cols: 100, rows: 30, term: 'tmux-256color', read_only: false };
}

describe('the command line', () => {
  test('says what to do when the service is not running', async () => {
    expect(await cli('ls')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'error: convocate-status.service is not running on this host\n' +
        '  next:    run `systemctl status convocate-status`; on a host that is no shell host yet, `convocate-host init-shell`\n',
    });
  });

  test('lists, makes, starts, kills and removes', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const down = await agent('bbbbbbbb', 'down');
    const lastUse = { last_accessed: '2020-01-01T00:00:00Z' };
    one.addSession('old', { running: true, image: 'convocate:v1', port: 8080, attached: 1, ...lastUse });
    await Promise.all([one.register(cluster.keys), down.register(cluster.keys)]);
    await down.stop();
    await start();
    await up(one);

    const made = JSON.parse((await cli('new', 'fresh', '--agent', 'one', '--start', '--json')).stdout) as {
      uuid: string;
    };
    expect(made).toMatchObject({ name: 'fresh', running: true, agent_id: 'aaaaaaaa' });
    const listed = await cli('ls');
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout.split('\n')).toEqual([
      expect.stringMatching(/^S {2}NAME {3}AGENT {2}IMAGE {2}PORT {6}AGE +ATT {2}ACTIVITY {2}UUID$/),
      expect.stringMatching(/^C {2}old {4}one {4}v1\* {4}8080\/tcp {2}\S+ +1 {4}- {9}[0-9a-f-]{36}$/),
      expect.stringMatching(/^R {2}fresh {2}one {4}- {6}- {9}\S+ +0 {4}- {9}[0-9a-f-]{36}$/),
      '',
    ]);
    expect((await cli()).stdout).toBe(listed.stdout); // no verb and no terminal
    expect(listed.stderr).toMatch(/\* an older image/);
    expect(listed.stderr).toMatch(
      /agent down \(bbbbbbbb\) is down since .*: cannot reach the agent: .*ECONNREFUSED/,
    );
    const { sessions } = JSON.parse((await cli('ls', '--json', '--agent', 'aaaaaaaa')).stdout) as {
      sessions: { name: string }[];
    };
    expect(sessions.map(({ name }) => name)).toEqual(['old', 'fresh']);

    expect(await cli('kill', made.uuid.slice(0, 8))).toEqual({
      exitCode: 0,
      stdout: `killed fresh (${made.uuid}) on one\n`,
      stderr: '',
    });
    expect((await cli('restart', 'old')).exitCode).toBe(3);
    const unsure = await cli('rm', 'fresh');
    expect(unsure.exitCode).toBe(2);
    expect(unsure.stderr).toContain('give --yes');
    expect(one.sessions.has(made.uuid)).toBe(true);
    expect((await cli('rm', 'fresh', '--yes')).stdout).toBe(`removed fresh (${made.uuid}) on one\n`);
    expect(one.sessions.has(made.uuid)).toBe(false);
    expect(log.find(({ op }) => op === 'delete')).toMatchObject({
      who: { from: '192.0.2.7' },
      outcome: 'done',
    });
  });

  test('refuses what is not clear, naming the candidates', async () => {
    const one = await agent('aaaaaaaa', 'one');
    const two = await agent('bbbbbbbb', 'two');
    const a = one.addSession('twin');
    const b = two.addSession('twin');
    await Promise.all([one.register(cluster.keys), two.register(cluster.keys)]);
    await start();
    await up(one, two);
    const ambiguous = await cli('kill', 'twin');
    expect(ambiguous.exitCode).toBe(3);
    expect(ambiguous.stderr).toContain(`twin (${a.uuid}) on one`);
    expect(ambiguous.stderr).toContain(`twin (${b.uuid}) on two`);
    const clear = await cli('kill', 'twin', '--agent', 'two');
    expect(clear.stdout).toBe(`killed twin (${b.uuid}) on two\n`);
    const which = await cli('new', 'x');
    expect(which.exitCode).toBe(2);
    expect(which.stderr).toContain('one (aaaaaaaa), two (bbbbbbbb)');
    const none = await cli('kill', 'nobody', '--json');
    expect(none).toMatchObject({ exitCode: 3, stdout: '' });
    expect(JSON.parse(none.stderr)).toMatchObject({ error: 'there is no session "nobody"', exit: 3 });
    const missing = await cli('kill', 'nobody');
    expect(missing).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('there is no session "nobody"'),
    });
  });

  test('usage', async () => {
    expect((await cli('version', '--json')).stdout).toBe('{"version":"development","protocol":1}\n');
    expect((await cli('help')).exitCode).toBe(0);
    expect((await cli('dance')).exitCode).toBe(2);
    expect((await cli('new', 'bad name')).exitCode).toBe(2);
    expect((await cli('new', 'x', '--port', '99999')).exitCode).toBe(2);
  });
});
