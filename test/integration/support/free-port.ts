// A port that nobody listens on just now, for a program that has to be told its port before it starts.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf } from '../../../src/base/errors.ts';

/**
 * The kernel hands out ports from 32768 on to whoever connects or asks for any: one from below stays free until the
 * program that is told of it listens there.
 */
const RANGE = { from: 20_000, to: 32_000 } as const;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
