import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SUBSYSTEM } from '../../protocol/limits.ts';
import { type AgentSnapshot, StatusEvent } from '../../protocol/status-events.ts';
import { readLines } from '../../ssh/json-channel.ts';
import { generateKeyPair, publicBlobOf } from '../../ssh/keys.ts';
import { type Listener, listen } from '../../ssh/listener.ts';
import { StatusPublisher } from './publisher.ts';

const hostKey = generateKeyPair('shell');
const statusKey = generateKeyPair('agent');

let root: string;
let shell: Listener | undefined;
let publisher: StatusPublisher | undefined;
let connections: StatusEvent[][];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-publisher-'));
  writeFileSync(join(root, 'key'), statusKey.privateKey);
  connections = [];
});
afterEach(async () => {
  await publisher?.close('the test is over');
  await shell?.close();
  publisher = undefined;
  shell = undefined;
  rmSync(root, { recursive: true, force: true });
});

async function startShell(port = 0, onChannelEnd = () => {}): Promise<Listener> {
  shell = await listen({
    hostKey: hostKey.privateKey,
    address: '127.0.0.1',
    port,
    identify: (key) => (key.equals(publicBlobOf(statusKey.publicKey)) ? 'agent' : undefined),
    subsystems: {
      [SUBSYSTEM.status]: (channel) => {
        const events: StatusEvent[] = [];
        connections.push(events);
        channel.on('close', onChannelEnd);
        readLines(
          channel,
          (line) => events.push(StatusEvent.parse(JSON.parse(line))),
          () => {},
        );
      },
    },
  });
  return shell;
}

function pointTo(port: number, key = hostKey.publicKey): void {
  writeFileSync(join(root, 'shell.json'), JSON.stringify({ host: '127.0.0.1', port, host_key: key }));
}

function publish(
  snapshot = async (): Promise<AgentSnapshot> => ({ version: 'v1', sessions: [] }),
): StatusPublisher {
  publisher = new StatusPublisher({
    agentId: 'agent001',
    shellHostFile: join(root, 'shell.json'),
    statusKeyFile: join(root, 'key'),
    snapshot,
    started: () => ({ type: 'agent.started', data: { version: 'v1', image_tag: 'convocate:v1' } }),
    now: () => new Date(),
    random: () => 0.5,
    log: pino({ enabled: false }),
  });
  return publisher;
}

const told = (): string[][] => connections.map((events) => events.map(({ type, seq }) => `${seq} ${type}`));

test('a snapshot, that it has started, and at the end a good-bye with the reason', async () => {
  pointTo((await startShell()).port);
  const running = publish();
  await expect.poll(told).toEqual([['1 agent.snapshot', '2 agent.started']]);
  await running.close('SIGTERM');
  await expect.poll(told).toEqual([['1 agent.snapshot', '2 agent.started', '3 agent.shutdown']]);
  expect(connections[0]?.[2]).toMatchObject({ data: { reason: 'SIGTERM' } });
});

test('a new connection begins with a new snapshot, which names the version; it does not start twice', {
  timeout: 15_000,
}, async () => {
  const { port } = await startShell();
  pointTo(port);
  const running = publish();
  await expect.poll(told).toEqual([['1 agent.snapshot', '2 agent.started']]);
  await shell?.close();
  running.publish({
    type: 'agent.heartbeat',
    data: {
      load: [],
      slice: { memory_bytes: null, memory_max_bytes: null, cpu_usage_ns: null, tasks: null },
    },
  });
  await startShell(port);
  await expect.poll(() => told()[1], { timeout: 10_000 }).toEqual(['1 agent.snapshot']);
  expect(connections[1]?.[0]?.data).toEqual({ version: 'v1', sessions: [] });
});

test('a shell with another host key is told nothing', { timeout: 15_000 }, async () => {
  const { port } = await startShell();
  pointTo(port, generateKeyPair('other').publicKey);
  publish();
  await new Promise<void>((resolve) => setImmediate(resolve));
  pointTo(port);
  await expect.poll(() => told()[0]?.[0], { timeout: 10_000 }).toBe('1 agent.snapshot');
  expect(connections).toHaveLength(1);
});

test('the file that names the shell may come later', { timeout: 15_000 }, async () => {
  const { port } = await startShell();
  publish();
  pointTo(port);
  await expect.poll(() => told()[0]?.[0], { timeout: 10_000 }).toBe('1 agent.snapshot');
});

test('where the shell is heard of, it is tried at once, and not when the next try is due in 5 s', async () => {
  const { port } = await startShell();
  const running = publish();
  pointTo(port);
  running.wake();
  await expect.poll(told, { timeout: 4_000 }).toEqual([['1 agent.snapshot', '2 agent.started']]);
});

test('a shell that comes in each time that it is come to does not make it turn in circles', async () => {
  const { port } = await startShell(0, () => running.wake());
  pointTo(port);
  const running = publish(() => Promise.reject(new Error('the sessions cannot be read')));
  await new Promise((resolve) => setTimeout(resolve, 900)); // for what must not come: there is nothing to wait for
  expect(connections.length).toBeLessThanOrEqual(2); // at once, and hurried once
});
