// One process at a time, on this box. The lock is a listening abstract Unix socket: the kernel frees it when its
// holder dies, so there is no stale lock file to reason about.
import { createServer, type Server } from 'node:net';
import { pollUntil } from '../src/base/deadline.ts';

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Runs `work` while no other process on this box is inside the same `purpose`. */
export async function exclusively<T>(purpose: string, work: () => Promise<T>): Promise<T> {
  const held = await pollUntil(() => tryListen(`\0convocate-lab/${purpose}`), {
    // A holder may be running debootstrap and a whole image build.
    timeoutMs: 20 * 60_000,
    intervalMs: 250,
    what: `the lock "${purpose}"`,
  });
  try {
    return await work();
  } finally {
    await new Promise((resolve) => held.close(resolve));
  }
}
