import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listeningPorts, parsePortTable } from './host-ports.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0016 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
`;
const UDP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr
  10: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:0000
  11: 00000000000000000000000000000000:9000 00000000000000000000000001000000:0035 01 00000000:00000000 00:0000
`;

test('of TCP those count that listen', () => {
  expect(parsePortTable(TCP, 'tcp')).toEqual([8080]);
});

test('of UDP those count that are bound and not connected', () => {
  expect(parsePortTable(UDP6, 'udp')).toEqual([53]);
});

test('real sockets of this host are seen, each in its protocol', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  try {
    await Promise.all([once(server, 'listening'), once(socket, 'listening')]);
    const tcp = (server.address() as { port: number }).port;
    const udp = socket.address().port;
    expect(await listeningPorts('tcp')).toContain(tcp);
    expect(await listeningPorts('udp')).toContain(udp);
  } finally {
    server.close();
    socket.close();
  }
});
