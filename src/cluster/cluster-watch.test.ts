import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../base/deadline.ts';
import { readFirstLine, writeJsonLine } from '../ssh/json-channel.ts';
import { SESSION_A as A, agentView, sessionView } from './cluster-fixture.ts';
import { ClusterWatch, type WatchNews } from './cluster-watch.ts';

const snapshot = {
  name: 'lab',
  version: 'v2',
  load: [1],
  agents: [agentView('aaaaaaaa')],
  sessions: [sessionView(A)],
};

let dir: string;
let server: Server | undefined;
let clients: Socket[];
let news: WatchNews[];
let watch: ClusterWatch | undefined;
/** What the service does with the `watch` of a client. */
let serve: (client: Socket) => void;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-watch-'));
  clients = [];
  news = [];
  serve = (client) => void writeJsonLine(client, { ok: true, result: snapshot });
});

afterEach(async () => {
  watch?.close();
  await stop();
  await rm(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  server = createServer((client) => {
    clients.push(client);
    client.on('error', () => {});
    void readFirstLine(client).then(({ line }) => {
      expect(JSON.parse(line)).toEqual({ op: 'watch' });
      serve(client);
    });
  });
  server.listen(join(dir, 'sock'));
  await once(server, 'listening');
}

async function stop(): Promise<void> {
  if (!server) return;
  const closed = once(server, 'close');
  server.close();
  for (const client of clients.splice(0)) client.destroy();
  server = undefined;
  await closed;
}

function begin(silenceMs?: number): void {
  watch = new ClusterWatch(join(dir, 'sock'), (one) => news.push(one), silenceMs);
}

async function heard(...kinds: WatchNews['kind'][]): Promise<void> {
  await pollUntil(async () => (news.length >= kinds.length ? true : undefined), {
    timeoutMs: 10_000,
    intervalMs: 5,
    what: kinds.join(', '),
  });
  expect(news.map(({ kind }) => kind)).toEqual(kinds);
}

test('gives the picture, then what changes, also where both come in one piece', async () => {
  const change = { sessions: [sessionView(A, { running: true })] };
  serve = (client) => {
    client.write(`${JSON.stringify({ ok: true, result: snapshot })}\n${JSON.stringify(change)}\n`);
  };
  await start();
  begin();
  await heard('snapshot', 'change');
  expect(news[1]).toMatchObject({ change });
  expect(news[1]?.picture?.sessions.get(`aaaaaaaa/${A}`)).toMatchObject({ running: true });
});

test('says since when the service is gone, once, and comes back with a fresh picture', async () => {
  await start();
  begin();
  await heard('snapshot');
  await stop();
  await heard('snapshot', 'lost', 'lost'); // the connection that ended, then nobody who listens
  const [, cut, gone] = news;
  if (cut?.kind !== 'lost' || gone?.kind !== 'lost') throw new Error('not lost');
  expect(cut.error.message).toBe('convocate-status.service gave no answer: it ended the connection');
  expect(gone.error.message).toBe('convocate-status.service is not running on this host');
  expect(gone.since).toBe(cut.since);
  expect(gone.picture).toBe(news[0]?.picture);
  await start();
  await heard('snapshot', 'lost', 'lost', 'snapshot');
  expect(news[3]?.picture?.sessions.get(`aaaaaaaa/${A}`)).toBe(
    news[0]?.picture?.sessions.get(`aaaaaaaa/${A}`),
  );
});

test('a service that says nothing is taken for lost, and asked again', async () => {
  await start();
  begin(50);
  await heard('snapshot', 'lost', 'snapshot');
  expect(news[1]).toMatchObject({
    error: { message: 'convocate-status.service gave no answer: nothing came from it for 0.05 s' },
  });
});

test('a service that refuses, or talks nonsense, is told of in words', async () => {
  serve = (client) => void client.end('{"ok":false,"code":"unknown_op","error":"no request \\"watch\\""}\n');
  await start();
  begin();
  await heard('lost');
  expect(news[0]).toMatchObject({ picture: undefined, error: { message: 'no request "watch"' } });
});

test('closed, it tells nothing more', async () => {
  await start();
  begin();
  await heard('snapshot');
  const ended = once(clients[0] as Socket, 'close');
  watch?.close();
  await ended;
  expect(news).toHaveLength(1);
});
