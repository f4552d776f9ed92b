import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SocketServer, type SocketServerOptions, serveSocket } from './socket-server.ts';

let dir: string;
let path: string;
let server: SocketServer | undefined;
let problems: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-socket-'));
  path = join(dir, 'shell.sock');
  problems = [];
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(dir, { recursive: true, force: true });
});

async function serve(options: Partial<SocketServerOptions> = {}): Promise<void> {
  server = await serveSocket({
    path,
    serve: async (line, socket, rest) => {
      socket.end(`${line}|${rest.toString()}`);
    },
    onProblem: (message) => problems.push(message),
    ...options,
  });
}

async function open(): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function answerOn(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('gives the line, and what came behind it', async () => {
  await serve();
  const socket = await open();
  socket.end('request\nkeys');
  expect(await answerOn(socket)).toBe('request|keys');
});

test('one connection too many is told so', async () => {
  await serve({ maxConnections: 1 });
  const first = await open();
  const second = await open();
  expect(JSON.parse(await answerOn(second))).toEqual({
    ok: false,
    code: 'busy',
    error: '1 connections to the service are open',
  });
  expect(problems).toEqual(['refused: too many connections on the local socket']);
  first.end('a\n');
  expect(await answerOn(first)).toBe('a|');
});

test('who does not say what they want is told so, and let go', async () => {
  await serve({ requestMs: 10 });
  const socket = await open();
  expect(JSON.parse(await answerOn(socket))).toMatchObject({ code: 'bad_request' });
});

test('only its owner and group may open it, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    await serve();
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect(process.umask()).toBe(0);
  } finally {
    process.umask(before);
  }
});

test('the file of a service that died is taken over', async () => {
  await writeFile(path, ''); // what refuses a connection, as a socket without a process does
  await serve();
  const socket = await open();
  socket.end('x\n');
  expect(await answerOn(socket)).toBe('x|');
});

test('the socket of a service that lives is not', async () => {
  const other = createServer().listen(path);
  await once(other, 'listening');
  await expect(serve()).rejects.toThrow(`another service answers on ${path}`);
  other.close();
});
