import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { RefusedError } from '../../base/errors.ts';
import { exitOf, startProcess } from '../../base/run-command.ts';

/** Gone with the machine's power, as the install itself. */
const LOCK_FILE = '/run/convocate-install.lock';
const HELD = 75;

/**
 * The right to install on this machine, until it is disposed of or this process is gone: two installs at once would put
 * programs, release and choices of two versions side by side. Throws RefusedError where another holds it.
 */
export async function lockInstall(path: string = LOCK_FILE): Promise<AsyncDisposable> {
  // Made by us: flock would make it readable, and whoever may open it could hold it.
  await (await open(path, 'a', 0o600)).close();
  const argv = [
    'flock',
    '--nonblock',
    '--conflict-exit-code',
    String(HELD),
    path,
    'sh',
    '-c',
    'echo held; exec cat',
  ];
  const holder = startProcess(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = exitOf(holder);
  const ended = await Promise.race([
    once(holder.stdout as NodeJS.ReadableStream, 'data').then(() => undefined),
    exit,
  ]);
  if (ended === HELD)
    throw new RefusedError('another install is under way on this machine', {
      hint: 'wait for its end, then run this again',
    });
  if (ended !== undefined)
    throw new RefusedError(`${path} cannot be locked`, {
      argv,
      exitCode: ended,
      hint: 'see whether flock (util-linux) is there and runs, then run this again',
    });
  return {
    [Symbol.asyncDispose]: async () => {
      holder.stdin?.end();
      await exit;
    },
  };
}
