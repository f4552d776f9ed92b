// One attach over many connections: real agent, engine, tmux, service and client; only the operator's terminal is ours.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import { pause, pollUntil } from '../../src/base/deadline.ts';
import { registerAgent } from '../../src/cluster/register-agent.ts';
import { ShellClient } from '../../src/cluster/shell-client.ts';
import { createEngine } from '../../src/convocate-agent/docker/engine.ts';
import { KeepAttached } from '../../src/convocate/attach/keep-attached.ts';
import { SessionLine } from '../../src/convocate/attach/session-line.ts';
import { serviceLogTo } from '../../src/convocate/status-service/service-log.ts';
import { type StatusService, startStatusService } from '../../src/convocate/status-service/status-service.ts';
import { ATTACH } from '../../src/protocol/attach.ts';
import { AgentUnderTest } from './support/agent-under-test.ts';
import { FakeScreen, RecordingModes } from './support/fake-screen.ts';
import { LineGate } from './support/line-gate.ts';
import { type Recording, recordTerminals } from './support/recorded-terminals.ts';
import { ensureSessionImage } from './support/session-image.ts';
import { soundKeyPair } from './cluster-scripted-agent.ts';

let engine: Engine;
let dir: string;
let agent: AgentUnderTest;
let gate: LineGate;
let service: StatusService;
const recordings: Recording[] = [];

beforeAll(async () => {
  engine = await openEngine();
  const image = await ensureSessionImage(engine.docker);
  const socket = engine.dockerHost?.replace('unix://', '') ?? '/var/run/docker.sock';
  const docker = recordTerminals(await createEngine(socket), recordings);
  agent = new AgentUnderTest(engine, image, 'exec bash --norc', { docker });
  await agent.start();
  gate = new LineGate(agent.port);
  await gate.open();
  dir = await mkdtemp(join(tmpdir(), 'convocate-resume-'));
  await writeFile(join(dir, 'host_key'), soundKeyPair('status').privateKey);
  await registerAgent(
    {
      agentId: agent.agentId,
      host: 'one',
      address: '127.0.0.1',
      port: gate.port,
      registeredAt: '2026-01-01T00:00:00Z',
    },
    {
      shellToAgentPrivateKey: agent.shellKey.privateKey,
      hostPublicKey: agent.hostKey.publicKey,
      agentToShellPublicKey: soundKeyPair('status').publicKey,
    },
    join(dir, 'agent-keys'),
  );
  await startService();
}, 600_000);

afterEach(() => {
  gate.flow();
  gate.target = agent.port;
});

afterAll(async () => {
  await service.close();
  await gate.close();
  await agent[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

async function startService(): Promise<void> {
  service = await startStatusService({
    log: serviceLogTo({ write: () => {} }),
    agentKeysDir: join(dir, 'agent-keys'),
    hostKeyFile: join(dir, 'host_key'),
    socketPath: join(dir, 'shell.sock'),
    address: '127.0.0.1',
    port: 0,
    backoff: () => 100,
  });
}

async function until(
  what: string,
  probe: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  await pollUntil(async () => (await probe()) || undefined, { timeoutMs, intervalMs: 20, what });
}

/** Until it has not changed for half a second. */
async function untilStill(what: string, lengthOf: () => number): Promise<number> {
  let last = -1;
  const still = async (): Promise<number | undefined> => {
    const before = last;
    last = lengthOf();
    return last === before ? last : undefined;
  };
  return await pollUntil(still, { timeoutMs: 30_000, intervalMs: 500, what });
}

interface Attached {
  readonly id: string;
  readonly screen: FakeScreen;
  readonly modes: RecordingModes;
  readonly kept: KeepAttached;
  /** What the agent's terminal said and was told. */
  readonly recording: Recording;
}

async function attach(): Promise<Attached> {
  await until('the agent is up', () => service.live.client(agent.agentId) !== undefined);
  const { uuid: id } = await agent.call('create', { name: `s-${randomUUID().slice(0, 8)}` });
  const shell = new ShellClient({ user: 'ann', from: 'local' }, join(dir, 'shell.sock'));
  const line = new SessionLine(
    shell,
    { uuid: id, name: 'mine', agent_id: agent.agentId, host: 'one' },
    false,
  );
  const size = { cols: 100, rows: 30 };
  const { socket, first } = await line.open(size);
  if (first.length > 0) socket.unshift(first);
  const screen = new FakeScreen();
  const modes = new RecordingModes();
  const kept = new KeepAttached(
    {
      name: 'mine on one',
      screen,
      size: () => size,
      modes,
      dial: (request, signal) => line.dial(request, signal),
    },
    socket,
  );
  await screen.shows('$');
  return { id, screen, modes, kept, recording: recordings.at(-1) ?? neverRecorded };
}

/** Of an agent in a process of its own. */
const neverRecorded: Recording = {
  output: () => expect.unreachable('nothing is recorded'),
  keys: () => expect.unreachable('nothing is recorded'),
};

/** Numbered lines at a steady rate; keys go to a file that is read in the container. */
async function printAndTake(attached: Attached): Promise<void> {
  const script =
    'stty raw -echo; (n=0; while :; do n=$((n+1)); echo "line-$n-abcdefghijklmnopqrstuvwxyz"; sleep 0.01; done) & exec cat > ~/keys';
  attached.screen.type(`bash -c '${script}'\r`);
  await attached.screen.shows('line-5-');
}

async function keysTaken({ id }: Attached): Promise<string> {
  return (await engine.docker.run(['exec', `convocate-session-${id}`, 'cat', `/home/claude/keys`])).trim();
}

async function expectWhole({ modes, recording, screen, kept }: Attached): Promise<void> {
  screen.type('\u0002d');
  expect(await kept.ending).toEqual({ how: 'told', end: { reason: 'detached' } });
  const [seen, said] = [modes.seen, recording.output()];
  expect(seen.length).toBe(said.length);
  expect(seen.equals(said)).toBe(true);
}

test('output and keys go on exactly where they were, however often either way is cut', {
  timeout: 120_000,
}, async () => {
  const attached = await attach();
  const { screen, recording } = attached;
  await printAndTake(attached);
  const before = recording.keys().length;
  let typed = '';
  for (let round = 0; round < 6; round += 1) {
    const burst = (): void => {
      const keys = Array.from({ length: 20 }, (_, index) => `<${round}.${typed.length}.${index}>`).join('');
      typed += keys;
      screen.type(keys);
    };
    burst();
    if (round % 2 === 0) gate.cut();
    else await gate.close();
    burst();
    await screen.shows('connection to mine on one lost, trying again');
    const seenAtLoss = recording.output().length;
    burst();
    await until('output while nobody is there', () => recording.output().length > seenAtLoss + 2_000);
    if (round % 2 === 1) await gate.open();
    await screen.shows(/line-\d+-abc/);
    burst();
  }
  await until('all keys', async () => (await keysTaken(attached)).length >= typed.length);
  expect(await keysTaken(attached)).toBe(typed);
  expect(recording.keys().subarray(before).toString()).toBe(typed);
  await expectWhole(attached);
  expect(await agent.clientProcesses(attached.id)).toEqual([]);
});

test('a partition that nobody is told of is found on both sides; the terminal counts as attached meanwhile', {
  timeout: 120_000,
}, async () => {
  const attached = await attach();
  await printAndTake(attached);
  gate.stall();
  attached.screen.type('during');
  await attached.screen.shows('lost, trying again', 15_000);
  expect(await agent.call('get', { id: attached.id })).toMatchObject({ attached: 1 });
  await gate.close();
  gate.flow();
  await gate.open();
  await attached.screen.shows(/line-\d+-abc/);
  await until('the keys', async () => (await keysTaken(attached)) === 'during');
  expect(await agent.call('get', { id: attached.id })).toMatchObject({ attached: 1 });
  await expectWhole(attached);
});

test('a partition of 30 s while it prints without end: what arrives is what was said, byte for byte', {
  timeout: 180_000,
}, async () => {
  const attached = await attach();
  const { screen, recording, modes } = attached;
  screen.type('yes abcdefghijklmnop\r');
  await until('much output', () => recording.output().length > ATTACH.windowBytes);
  gate.stall();
  await pause(30_000);
  const said = recording.output().length;
  await gate.close();
  gate.flow();
  await gate.open();
  await until('what was said meanwhile, and more', () => modes.seen.length > said, 60_000);
  screen.type('\u0003');
  await untilStill('the end of the output', () => modes.seen.length);
  screen.type('echo do""ne\r');
  await screen.shows('done');
  await expectWhole(attached);
});

test('a client that comes back while its old channel seems to be alive takes over from it', {
  timeout: 120_000,
}, async () => {
  const attached = await attach();
  await printAndTake(attached);
  // The service is replaced while its connection to the agent stalls: the agent hears of no end.
  gate.stall();
  await service.close();
  gate.flow();
  await startService();
  await attached.screen.shows('lost, trying again');
  await attached.screen.shows(/line-\d+-abc/);
  await expectWhole(attached);
});

test('the service is restarted: the terminal goes on', { timeout: 60_000 }, async () => {
  const attached = await attach();
  await printAndTake(attached);
  await service.close();
  await attached.screen.shows('lost, trying again');
  attached.screen.type('still here');
  await startService();
  await attached.screen.shows(/line-\d+-abc/);
  await until('the keys', async () => (await keysTaken(attached)) === 'still here');
  await expectWhole(attached);
});

describe('an agent that starts anew', { timeout: 120_000 }, () => {
  test('opens a new terminal, and gets the keys that the old one never took', async () => {
    const attached = await attach();
    attached.screen.type('echo be""fore\r');
    await attached.screen.shows('before');
    await agent.stop();
    await attached.screen.shows('lost, trying again');
    attached.screen.type('echo af""ter\r');
    await agent.start();
    gate.target = agent.port;
    await attached.screen.shows('after');
    attached.screen.type('exit 7\r');
    expect(await attached.kept.ending).toEqual({ how: 'told', end: { reason: 'ended', exit_code: 7 } });
  });

  test('what is typed while the old one stops reaches the session after it, exactly once', async () => {
    const attached = await attach();
    await printAndTake(attached);
    let typed = '';
    const type = (): void => {
      const keys = `<${typed.length}>`;
      typed += keys;
      attached.screen.type(keys);
    };
    let stopped = false;
    const stop = agent.stop().then(() => (stopped = true));
    const options = { timeoutMs: 30_000, intervalMs: 2, what: 'the stop' };
    await pollUntil(async () => {
      type();
      return stopped || undefined;
    }, options);
    await stop;
    await agent.start();
    gate.target = agent.port;
    await attached.screen.shows(/line-\d+-abc/);
    type();
    await until('the last keys', async () => (await keysTaken(attached)).endsWith(typed.slice(-20)));
    expect(await keysTaken(attached)).toBe(typed);
    attached.screen.type('\u0002d');
    expect(await attached.kept.ending).toEqual({ how: 'told', end: { reason: 'detached' } });
  });

  test('also where the old one was killed and said nothing', async () => {
    await agent.stop();
    const kill = await agent.startToBeKilled();
    gate.target = agent.port;
    const { screen, kept } = await attach();
    screen.type('echo be""fore\r');
    await screen.shows('before');
    await kill();
    await screen.shows('lost, trying again');
    screen.type('echo af""ter\r');
    await agent.start();
    gate.target = agent.port;
    await screen.shows('after');
    screen.type('\u0002d');
    expect(await kept.ending).toEqual({ how: 'told', end: { reason: 'detached' } });
  });

  test('is not made to start a session that has ended meanwhile', async () => {
    const attached = await attach();
    await agent.stop();
    await engine.docker.run(['kill', `convocate-session-${attached.id}`]);
    await agent.start();
    gate.target = agent.port;
    expect(await attached.kept.ending).toMatchObject({
      how: 'refused',
      problem: expect.stringContaining('has ended with exit code 137'),
    });
    expect(await agent.call('get', { id: attached.id })).toMatchObject({ running: false });
  });
});

describe('the end is told', { timeout: 60_000 }, () => {
  test.each([
    ['background', { reason: 'detached' }],
    ['kill', { reason: 'ended', exit_code: 143, asked_to_stop: true }],
    ['delete', { reason: 'removed' }],
  ] as const)('%s', async (op, end) => {
    const { id, kept } = await attach();
    await agent.call(op, { id });
    expect(await kept.ending).toEqual({ how: 'told', end });
  });
});

test('a session that prints without end costs a window; Ctrl-C gets through on a screen that takes nothing', {
  timeout: 120_000,
}, async () => {
  const attached = await attach();
  const { screen, recording } = attached;
  screen.type('yes\r');
  await until('much output', () => recording.output().length > 100_000);
  screen.stick();
  const last = await untilStill('the agent reading no more', () => recording.output().length);
  const shown = attached.modes.seen.length;
  expect(last - shown).toBeLessThanOrEqual(ATTACH.windowBytes + 128 * 1024);
  const before = recording.keys().length;
  screen.type('\u0003');
  await until('Ctrl-C', () => recording.keys().subarray(before).toString() === '\u0003');
  screen.unstick();
  screen.type('echo do""ne\r');
  await screen.shows('done');
  await expectWhole(attached);
});

test('leaving while the connection is lost', { timeout: 60_000 }, async () => {
  const attached = await attach();
  await gate.close();
  await attached.screen.shows('Ctrl-B D leaves');
  attached.screen.type('x\u0002d');
  expect(await attached.kept.ending).toEqual({ how: 'left' });
  expect(attached.kept.unsentKeys).toBe('x'.length);
  await gate.open();
});
