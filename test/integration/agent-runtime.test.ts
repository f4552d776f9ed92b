// The running agent on a real engine with the real session image.
import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import { runChecked } from '../../src/base/run-command.ts';
import { StatusPublisher } from '../../src/convocate-agent/status/publisher.ts';
import { LABEL, containerNameOf } from '../../src/protocol/host-layout.ts';
import { AgentUnderTest } from './support/agent-under-test.ts';
import { ensureSessionImage } from './support/session-image.ts';
import { SocketGate } from './support/socket-gate.ts';
import { StatusListener } from './support/status-listener.ts';

let engine: Engine;
let image: string;
let agent: AgentUnderTest;
const shell = new StatusListener();

beforeAll(async () => {
  engine = await openEngine();
  image = await ensureSessionImage(engine.docker);
  await shell.start();
  agent = new AgentUnderTest(engine, image, 'exec bash --norc');
  agent.write('etc/shell-host.json', shell.shellHost);
  agent.write('etc/session.env', 'PLANET=earth\n');
  await agent.start();
}, 600_000);

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await shell.stop();
}, 60_000);

let made = 0;
async function newSession(): Promise<string> {
  made += 1;
  return (await agent.call('create', { name: `session-${made}` })).uuid;
}

async function runningSession(): Promise<string> {
  const id = await newSession();
  await agent.call('restart', { id });
  return id;
}

describe('the life of a session', { timeout: 60_000 }, () => {
  test('create, start, kill, start again, delete', async () => {
    const { uuid: id, port } = await agent.call('create', { name: 'life', port: -1, dns_name: 'life' });
    expect(port).toBeGreaterThanOrEqual(1001);
    await agent.call('restart', { id });
    const first = await agent.call('get', { id });
    expect(first).toMatchObject({ running: true, image, profile: 'boxed', attached: 0, locked: false });
    expect(statSync(join(agent.homes, id))).toMatchObject({ uid: 1337, gid: 1337 });
    await expect(agent.call('restart', { id })).rejects.toThrow(/^conflict: restart: session "life"/);

    await agent.call('kill', { id });
    expect(await agent.call('get', { id })).toMatchObject({
      running: false,
      exit_code: expect.toBeOneOf([143, 137]) as number, // KILL comes after 10 s, which a busy machine may need
      asked_to_stop: true,
      oom_killed: false,
    });
    await agent.call('kill', { id });
    await agent.call('restart', { id });
    const second = await agent.call('get', { id });
    expect(second.container_id).not.toBe(first.container_id);

    await agent.call('delete', { id });
    await expect(agent.call('get', { id })).rejects.toThrow(/^not_found: /);
    expect(readdirSync(agent.homes)).not.toContain(id);
    expect(await engine.docker.exec(['inspect', containerNameOf(id)])).toMatchObject({ exitCode: 1 });
  });

  test('the box is as it should be', async () => {
    const { uuid: id, port } = await agent.call('create', {
      name: 'box',
      port: -1,
      protocol: 'udp',
      dns_name: 'box',
    });
    await agent.call('restart', { id });
    const json = await engine.docker.run(['inspect', containerNameOf(id)]);
    const [box] = JSON.parse(json) as {
      Config: { Hostname: string; Labels: Record<string, string> };
      HostConfig: Record<string, unknown>;
    }[];
    expect(box?.Config.Hostname).toBe('box');
    expect(box?.Config.Labels).toMatchObject({ [LABEL.session]: id, [LABEL.agent]: agent.agentId });
    expect(box?.HostConfig).toMatchObject({
      Init: true,
      AutoRemove: false,
      Privileged: false,
      NetworkMode: 'default',
      PidsLimit: 4096,
      RestartPolicy: { Name: 'no' },
      PortBindings: { [`${port}/udp`]: [{ HostPort: String(port) }] },
    });
    expect(json).not.toContain('docker.sock');
    const variables = await engine.docker.run(['exec', containerNameOf(id), 'cat', '/proc/1/environ']);
    expect(variables).toContain('PLANET=earth');
    await agent.call('delete', { id });
  });

  test('root inside makes no device in the home, which would be one on the disk of the host', async () => {
    const id = await runningSession();
    const inside = ['exec', '--user', 'root', containerNameOf(id)];
    const made = await engine.docker.exec([...inside, 'mknod', '/home/claude/disk', 'b', '8', '0']);
    expect(made).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/Operation not permitted/) });
    expect((await engine.docker.exec([...inside, 'mkfifo', '/home/claude/pipe'])).exitCode).toBe(0);
  });

  test('the exit code of the command is kept and told at once', async () => {
    const id = await runningSession();
    const terminal = await agent.attach({ id });
    terminal.type('exit 5\n');
    await terminal.closed;
    const died = await shell.event(
      (e) => e.type === 'container.died' && e.session_id === id,
      'container.died',
    );
    expect(died).toMatchObject({ data: { running: false, exit_code: 5, oom_killed: false } });
    expect(await agent.until(id, (s) => !s.running)).toMatchObject({ exit_code: 5, attached: 0 });
  });

  test('a container that somebody kills is told', async () => {
    const id = await runningSession();
    await engine.docker.run(['kill', containerNameOf(id)]);
    await shell.event((e) => e.type === 'container.died' && e.session_id === id, 'container.died');
    expect(await agent.call('get', { id })).toMatchObject({ running: false, exit_code: 137 });
  });

  test('a restart whose image is gone is refused, says which, and leaves the session as it was', async () => {
    const id = await runningSession();
    await agent.call('kill', { id });
    const before = await agent.call('get', { id });
    agent.write('etc/current-image', 'convocate:gone\n');
    try {
      await expect(agent.call('restart', { id })).rejects.toThrow(
        /^refused: the current image convocate:gone is no longer in Docker .* "convocate-host update --host [a-z0-9]{8}"/,
      );
      expect(await agent.call('get', { id })).toEqual(before);
    } finally {
      agent.write('etc/current-image', `${image}\n`);
    }
    await agent.call('restart', { id });
  });

  test('clone copies the home with owners, links and modes, without what cannot be copied', async () => {
    const id = await runningSession();
    const home = join(agent.homes, id);
    writeFileSync(join(home, 'work'), 'done', { mode: 0o640 });
    symlinkSync('work', join(home, 'link'));
    await runChecked(['chown', '1337:1337', join(home, 'work')]);
    await runChecked(['mkfifo', join(home, 'fifo')]);
    const copy = await agent.call('clone', { source_id: id, name: 'copy' });
    expect(copy).toMatchObject({ name: 'copy', port: 0, running: false, skipped_files: 1 });
    expect(statSync(join(agent.homes, copy.uuid, 'work'))).toMatchObject({
      uid: 1337,
      gid: 1337,
      mode: 0o100640,
    });
    expect(readFileSync(join(agent.homes, copy.uuid, 'link'), 'utf8')).toBe('done');
    expect(await agent.call('get', { id })).toMatchObject({ running: true });
    await agent.call('restart', { id: copy.uuid });
  });

  test('a port that is published cannot be had twice', async () => {
    const { uuid: id, port } = await agent.call('create', { name: 'holder', port: -1 });
    await expect(agent.call('create', { name: 'late', port })).rejects.toThrow(
      `conflict: port ${port}/tcp belongs to session "holder" (${id})`,
    );
  });
});

describe('attach', { timeout: 60_000 }, () => {
  test('starts a stopped session; keys sent together with the header are not lost', async () => {
    const id = await newSession();
    const terminal = await agent.attach({ id, cols: 90, rows: 30, term: 'xterm' });
    // tmux gives the program its size a moment after it has drawn: these keys may be there before.
    const sized = 'until [ "$(stty size)" = "30 90" ]; do sleep 0.05; done';
    terminal.type(`${sized}; echo planet=$PLANET $((40+2))\n`);
    await terminal.shows('planet=earth 42');
    expect(await agent.call('get', { id })).toMatchObject({ running: true, attached: 1 });
    terminal.close();
    await agent.until(id, (s) => s.attached === 0);
  });

  test('two who come to a stopped session at the same time get the same one', async () => {
    const id = await newSession();
    const both = await Promise.all([agent.attach({ id }), agent.attach({ id })]);
    both[0].type('echo to""gether\n');
    for (const terminal of both) await terminal.shows('together');
    for (const terminal of both) terminal.close();
    const started = shell.connections
      .flat()
      .filter((e) => e.type === 'container.started' && e.session_id === id);
    expect(started).toHaveLength(1);
  });

  test('a resize reaches the session', async () => {
    const id = await runningSession();
    const terminal = await agent.attach({ id, cols: 80, rows: 24 });
    terminal.type('trap "stty size" WINCH; echo re""ady\n');
    await terminal.shows('ready');
    terminal.resize(111, 33);
    await terminal.shows('33 111');
    terminal.close();
  });

  test('several at once; leaving takes exactly one client out of the container', async () => {
    const id = await runningSession();
    const first = await agent.attach({ id });
    const second = await agent.attach({ id });
    first.type('echo he""llo\n');
    await first.shows('hello');
    await second.shows('hello');
    expect(await agent.clientProcesses(id)).toHaveLength(2);
    first.close();
    await agent.until(id, (s) => s.attached === 1);
    expect(await agent.clientProcesses(id)).toHaveLength(1);
    second.type('echo st""ill\n');
    await second.shows('still');
    second.type('\u0002');
    await agent.clientProcesses(id); // tmux takes keys that come within a millisecond of each other for pasted text
    second.type('d');
    expect(await second.closed).toBe(0);
    await agent.until(id, (s) => s.attached === 0);
    expect(await agent.clientProcesses(id)).toEqual([]);
    const told = shell.connections.flat().filter((e) => 'session_id' in e && e.session_id === id);
    expect(told.map((e) => e.type).filter((type) => /tached/.test(type))).toEqual([
      'container.attached',
      'container.attached',
      'container.detached',
      'container.detached',
    ]);
  });

  test('one who leaves before the terminal is up leaves nothing behind', async () => {
    const id = await newSession();
    const terminal = await agent.attach({ id });
    terminal.close();
    await agent.until(id, (s) => s.running);
    await shell.event((e) => e.type === 'container.detached' && e.session_id === id, 'container.detached');
    expect(await agent.clientProcesses(id)).toEqual([]);
    expect(await agent.call('get', { id })).toMatchObject({ attached: 0, running: true });
  });

  test('read-only sees and cannot type', async () => {
    const id = await runningSession();
    const writer = await agent.attach({ id });
    const reader = await agent.attach({ id, read_only: true });
    reader.type('echo in""truder\n');
    writer.type('echo ow""ner\n');
    await reader.shows('owner');
    expect(writer.screen + reader.screen).not.toContain('intruder');
    writer.close();
    reader.close();
  });

  test('who only watches never decides the size', async () => {
    const id = await runningSession();
    const writer = await agent.attach({ id, cols: 80, rows: 24 });
    writer.type('trap "touch ~/resized" WINCH; echo re""ady\n');
    await writer.shows('ready');
    const reader = await agent.attach({ id, read_only: true, cols: 200, rows: 50 });
    await reader.shows('ready');
    reader.resize(150, 40);
    reader.type('x');
    writer.type('stty size; ls ~/resized\n');
    await writer.shows('24 80');
    await writer.shows('No such file');
    writer.close();
    reader.close();
  });

  test('background detaches everybody, the session goes on', async () => {
    const id = await runningSession();
    const clients = [await agent.attach({ id }), await agent.attach({ id })];
    for (const client of clients) await client.shows('$');
    await agent.call('background', { id });
    expect(await Promise.all(clients.map((client) => client.closed))).toEqual([0, 0]);
    expect(await agent.call('get', { id })).toMatchObject({ running: true, attached: 0 });
    expect(await agent.clientProcesses(id)).toEqual([]);
  });

  test('much output arrives whole', async () => {
    const id = await runningSession();
    const terminal = await agent.attach({ id, cols: 200, rows: 50 });
    terminal.type('seq 1 200000; echo fi""nished\n');
    await terminal.shows('200000');
    await terminal.shows('finished');
    terminal.close();
  });

  test.each([
    ['not json', /not JSON/],
    ['{"id":"../etc"}', /header\.id/],
    [`{"id":"${randomUUID()}"}`, /there is no session/],
    [`{"id":"${randomUUID()}","cols":0}`, /header\.cols/],
  ])('the header %s gets one line with the error', async (header, message) => {
    const terminal = await agent.attachRaw(header);
    expect(await terminal.closed).toBe(1);
    const answer = JSON.parse(terminal.screen) as { ok: boolean; error: string };
    expect(answer.ok).toBe(false);
    expect(answer.error).toMatch(message);
  });
});

describe('a client that is not ours: OpenSSH', { timeout: 60_000 }, () => {
  test('calls', async () => {
    const answer = await agent.openSsh('convocate-agent-rpc', '{"op":"ping"}\n');
    expect(answer.exitCode).toBe(0);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      ok: true,
      result: { agent_id: agent.agentId, protocol: 1 },
    });
  });

  test('attaches; when it is killed its client leaves the container', async () => {
    const id = await runningSession();
    await using client = await agent.startOpenSsh('convocate-agent-attach', { tty: true });
    client.type(`${JSON.stringify({ id })}\necho fr""om openssh\n`);
    await client.shows('from openssh');
    expect(await agent.clientProcesses(id)).toHaveLength(1);
    client.kill();
    await agent.until(id, (s) => s.attached === 0);
    expect(await agent.clientProcesses(id)).toEqual([]);
  });
});

test('a shell that comes in is told the news at once, not when the next try to reach it is due', async () => {
  const wake = vi.spyOn(StatusPublisher.prototype, 'wake');
  await using _connection = await agent.connect();
  expect(wake).toHaveBeenCalledOnce();
  wake.mockRestore();
});

test('a client whose machine has died is found and taken out', { timeout: 60_000 }, async () => {
  const id = await runningSession();
  await using client = await agent.startOpenSsh('convocate-agent-attach', { tty: true });
  client.type(`${JSON.stringify({ id })}\necho fr""om afar\n`);
  await client.shows('from afar');
  client.freeze();
  const gone = await shell.event(
    (e) => e.type === 'container.detached' && e.session_id === id,
    'container.detached',
    20_000, // within 15 s, and what the container takes then
  );
  expect(gone).toMatchObject({ data: { attached: 0, running: true } });
  expect(await agent.clientProcesses(id)).toEqual([]);
});

describe('requests that are damaged change nothing', { timeout: 60_000 }, () => {
  test.each([
    ['', 'bad_request', /not JSON/],
    ['{', 'bad_request', /not JSON/],
    ['[]', 'bad_request', /request/],
    ['{"op":7}', 'bad_request', /request\.op/],
    ['{"op":"explode"}', 'unknown_op', /"explode"/],
    ['{"op":"constructor"}', 'unknown_op', /"constructor"/],
    ['{"op":"delete"}', 'bad_request', /params/],
    ['{"op":"delete","params":{"id":""}}', 'bad_request', /params\.id/],
    ['{"op":"delete","params":{"id":".."}}', 'bad_request', /params\.id/],
    ['{"op":"create","params":{"name":"a b"}}', 'bad_request', /params\.name/],
    ['{"op":"create","params":{"name":"a","port":70000}}', 'bad_request', /params\.port/],
    ['{"op":"settings-set","params":{"no_such":1}}', 'bad_request', /params/],
  ])('%s', async (line, code, error) => {
    const before = await agent.call('list', null);
    expect(await agent.raw(line)).toMatchObject({ ok: false, code, error: expect.stringMatching(error) });
    expect(await agent.call('list', null)).toEqual(before);
  });

  test('a line without end, and one that never ends', async () => {
    expect(await agent.raw(`{"op":"ping","x":"${'x'.repeat(2 * 1024 * 1024)}"}`)).toMatchObject({
      ok: false,
      code: 'bad_request',
      error: expect.stringMatching(/longer than 1048576 bytes/),
    });
    const cut = await agent.openSsh('convocate-agent-rpc', '{"op":"pi');
    expect(JSON.parse(cut.stdout)).toMatchObject({ ok: false, code: 'bad_request' });
    expect(await agent.call('ping', null)).toMatchObject({ agent_id: agent.agentId });
  });

  test('fields that are not known are passed over', async () => {
    expect(await agent.raw('{"op":"ping","params":{"new":1},"newer":2}')).toMatchObject({ ok: true });
  });
});

describe('a new life of the agent', { timeout: 60_000 }, () => {
  test('finds its sessions again, untouched, and takes lost clients out of them', async () => {
    const id = await runningSession();
    const before = await agent.call('get', { id });
    // As a crash would leave it: a client of the agent that nobody is at the other end of.
    const lost = ['/usr/local/lib/convocate-session/attach', '--client-id', 'lost'];
    const exec = [
      'exec',
      '--detach',
      '--tty',
      '--user',
      'claude',
      '--env',
      'TERM=xterm',
      containerNameOf(id),
    ];
    await engine.docker.run([...exec, ...lost]);
    await expect.poll(() => agent.clientProcesses(id)).toHaveLength(1);

    await agent.stop();
    await agent.start();
    expect(await agent.call('get', { id })).toEqual(before);
    await expect.poll(() => agent.clientProcesses(id)).toEqual([]);
    const terminal = await agent.attach({ id });
    terminal.type('echo a""gain\n');
    await terminal.shows('again');
    terminal.close();
  });

  test('says good-bye, detaches clients, and the next connection begins with a snapshot', async () => {
    const id = await runningSession();
    const terminal = await agent.attach({ id });
    await terminal.shows('$');
    await agent.stop();
    expect(await agent.clientProcesses(id)).toEqual([]);
    const last = shell.connections.at(-1) ?? [];
    expect(last.at(-1)).toMatchObject({ type: 'agent.shutdown', data: { reason: 'the test stops it' } });
    const connections = shell.connections.length;
    await agent.start();
    await expect.poll(() => shell.connections[connections]?.length ?? 0).toBeGreaterThanOrEqual(2);
    const events = shell.connections[connections] ?? [];
    expect(events.slice(0, 2)).toMatchObject([
      { type: 'agent.snapshot', seq: 1 },
      { type: 'agent.started', seq: 2, data: { version: 'v0-test', image_tag: image } },
    ]);
    const sessions = await agent.call('list', null);
    expect(events[0]).toMatchObject({ data: { version: 'v0-test', sessions } });
  });

  test('in every connection `seq` rises by one', () => {
    for (const events of shell.connections) {
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events[0]?.type).toBe('agent.snapshot');
    }
  });
});

test('a session that runs out of the memory of all sessions is told so', { timeout: 120_000 }, async () => {
  const group = `convocate-test-${randomUUID().slice(0, 8)}`;
  const directory = join('/sys/fs/cgroup/memory', group);
  mkdirSync(directory);
  writeFileSync(join(directory, 'memory.limit_in_bytes'), String(96 * 1024 * 1024));
  try {
    await using small = new AgentUnderTest(engine, image, 'exec tail /dev/zero', {
      cgroupParent: `/${group}`,
    });
    await small.start();
    const { uuid: id } = await small.call('create', { name: 'greedy' });
    await small.call('restart', { id });
    expect(await small.until(id, (s) => !s.running)).toMatchObject({ exit_code: 137, oom_killed: true });
  } finally {
    rmdirSync(directory);
  }
});

test('when Docker goes away and comes back the agent goes on by itself', { timeout: 60_000 }, async () => {
  const socket = engine.dockerHost?.replace('unix://', '') ?? '/var/run/docker.sock';
  await using gate = new SocketGate(socket);
  await gate.open();
  await using cut = new AgentUnderTest(engine, image, 'exec bash --norc', {
    paths: { dockerSocket: gate.path },
  });
  await cut.start();
  const { uuid: id } = await cut.call('create', { name: 'through' });
  await cut.call('restart', { id });
  const terminal = await cut.attach({ id });
  await terminal.shows('$');

  await gate.close();
  await terminal.closed;
  expect(await cut.call('list', null)).toMatchObject([{ uuid: id, running: true, attached: 0 }]);
  await expect(cut.call('kill', { id })).rejects.toThrow(/^docker: /);
  await engine.docker.run(['kill', containerNameOf(id)]);

  await gate.open();
  expect(await cut.until(id, (s) => !s.running)).toMatchObject({ exit_code: 137 });
  await cut.call('restart', { id });
});

test('without Docker the agent still answers ping and list, and says what is wrong', {
  timeout: 60_000,
}, async () => {
  await using lonely = new AgentUnderTest(engine, image, 'bash', {
    paths: { dockerSocket: '/no/such/docker.sock' },
  });
  await lonely.start();
  const { uuid: id } = await lonely.call('create', { name: 'waiting' });
  expect(await lonely.call('ping', null)).toMatchObject({ agent_id: lonely.agentId });
  expect(await lonely.call('list', null)).toMatchObject([{ uuid: id, running: false }]);
  await expect(lonely.call('restart', { id })).rejects.toThrow(
    /^docker: Docker on the agent host cannot be reached/,
  );
  await expect(lonely.call('delete', { id })).rejects.toThrow(/^docker: /);
  expect(readdirSync(lonely.homes)).toContain(id);
});

test('the log tells who changed what, and no secret', async () => {
  const log = readFileSync(agent.logFile, 'utf8');
  expect(log).toMatch(
    /"peer":"SHA256:[^"]+","from":"127\.0\.0\.1:\d+","op":"create","session":"[0-9a-f-]{36}","outcome":"done"/,
  );
  expect(log).not.toContain('earth');
});
