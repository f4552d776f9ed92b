// The built status service with a simulated cluster behind it: fifty agents, a thousand sessions.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pollUntil } from '../../src/base/deadline.ts';
import { exitOf, startProcess } from '../../src/base/run-command.ts';
import { ShellClient } from '../../src/cluster/shell-client.ts';
import { freePort } from '../../test/integration/support/free-port.ts';
import { say } from '../progress.ts';
import { Simulation } from './simulation.ts';

export const SIZE = { agents: 50, sessions: 1_000 } as const;
const PROGRAM = join(import.meta.dirname, '../../build/convocate');

export interface SimulatedShell extends AsyncDisposable {
  readonly simulation: Simulation;
  readonly client: ShellClient;
  /** Of the service's process. */
  readonly servicePid: number;
  /** `convocate ARGS` as an operator runs it, and its environment. */
  command(...args: string[]): { readonly argv: string[]; readonly env: NodeJS.ProcessEnv };
}

/** Settles when the service has reached every agent. */
export async function openSimulatedShell(): Promise<SimulatedShell> {
  await using undo = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'convocate-bench-'));
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  const statusPort = await freePort();
  say(`simulating ${SIZE.agents} agents with ${SIZE.sessions} sessions`);
  const simulation = undo.use(await Simulation.start({ directory, statusPort, ...SIZE }));
  const socket = join(directory, 'shell.sock');
  const places = ['--socket', socket, '--agent-keys', join(directory, 'agent-keys')];
  const argv = [PROGRAM, 'status-serve', ...places, '--host-key', join(directory, 'host_key')];
  argv.push('--address', '127.0.0.1', '--port', String(statusPort));
  const service = startProcess(argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  undo.defer(async () => {
    service.kill('SIGTERM');
    await exitOf(service);
  });
  const client = new ShellClient({ user: 'bench', from: 'local' }, socket);
  await pollUntil(
    async () => {
      const views = await client.agents().catch(() => []); // until the service listens
      const ready = views.filter((view) => view.up && view.status_link?.up);
      return ready.length === SIZE.agents ? true : undefined;
    },
    { timeoutMs: 90_000, intervalMs: 200, what: 'reaching every agent' },
  );
  const stack = undo.move();
  return {
    simulation,
    client,
    servicePid: service.pid ?? 0,
    command: (...args) => ({ argv: [PROGRAM, ...args], env: { ...process.env, CONVOCATE_SOCKET: socket } }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
