import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gatherWrites } from './gather-writes.ts';

test('what is written in one turn comes as one, in order; the next turn does not wait', async () => {
  const chunks: string[] = [];
  const server = createServer((socket) => socket.on('data', (chunk) => chunks.push(chunk.toString())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  gatherWrites(socket);
  await once(socket, 'connect');
  for (const turn of ['a', 'b', 'c']) {
    for (const part of ['1', '2', '3']) socket.write(turn + part);
    await pause(20);
  }
  const written = Promise.withResolvers<void>();
  socket.write('last', () => written.resolve());
  await written.promise;
  socket.end();
  await once(socket, 'close');
  server.close();
  expect(chunks).toEqual(['a1a2a3', 'b1b2b3', 'c1c2c3', 'last']);
});
