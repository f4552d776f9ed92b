import { runCommand, startProcess } from '../base/run-command.ts';
import { expectInTime, expectSuccess } from './checked.ts';
import type { Host } from './host.ts';
import { followProcess } from './running-command.ts';

/**
 * This very machine; `sudo -n` where we are not root. No SSH is involved, so nothing dials a name such as "local". What is
 * under way does not end with the operator's terminal, as over SSH.
 */
export function openLocalHost(name = 'local'): Host {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n', '--'];
  const run: Host['run'] = (argv, options = {}) =>
    expectInTime(name, argv, runCommand([...prefix, ...argv], { ...options, apart: true }));
  const close = (): Promise<void> => Promise.resolve();
  return {
    name,
    run,
    check: async (argv, options) => expectSuccess(name, argv, await run(argv, options)),
    start: async (argv) =>
      followProcess(
        name,
        argv,
        startProcess([...prefix, ...argv], { stdio: ['pipe', 'pipe', 'pipe'], apart: true }),
      ),
    reconnect: async () => openLocalHost(name),
    close,
    [Symbol.asyncDispose]: close,
  };
}
