import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type RequestListener, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScriptedEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** What it does with a request from now on; until it is set, none is answered. */
  answer: RequestListener;
}

/** An engine at a socket of its own that does what a test says, such as hang. */
export async function startScriptedEngine(): Promise<ScriptedEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'convocate-engine-'));
  const server = createServer((request, response) => engine.answer(request, response));
  const engine: ScriptedEngine = {
    socketPath: join(directory, 'docker.sock'),
    answer: () => {},
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  server.listen(engine.socketPath);
  await once(server, 'listening');
  return engine;
}
