// Two ways back to the release before: `convocate-host rollback`, and a rollout that nobody finishes.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Machine } from '../../lab/machine.ts';

interface Event {
  readonly event: string;
  readonly title?: string;
  readonly answered_ms?: number;
}

/** Milliseconds from the start of the program to the agent's answer. */
export async function rollBack(shell: Machine, host: string): Promise<number> {
  const argv = ['convocate-host', 'rollback', '--host', host, '--soak', '1s', '--json'];
  const { stdout } = await shell.run(argv);
  const events = stdout.trim().split('\n').map(parse);
  const answered = events.find(({ event }) => event === 'result')?.answered_ms;
  if (answered === undefined) throw new Error(`a rollback without a result:\n${stdout}`);
  return answered;
}

/** Kills an update right after it has restarted the agent. Gives when the host was told its window, by `Date.now()`. */
export async function leaveUnconfirmed(shell: Machine, host: string, windowS: number): Promise<number> {
  const pidFile = '/run/bench-update.pid';
  const update = ['convocate-host', 'update', '--host', host, '--json', '--soak', '5s'];
  const argv = [...update, '--confirm-timeout', `${windowS}s`];
  const child = shell.spawn(['sh', '-c', `echo $$ > ${pidFile}; exec "$@"`, 'sh', ...argv]);
  if (!child.stdout) throw new TypeError('spawned without a pipe');
  const ended = once(child, 'close');
  let armedAt: number | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const { title = '' } = parse(line);
    if (title.startsWith('arming')) armedAt = Date.now();
    if (title.startsWith('confirming over')) {
      await shell.run(['sh', '-c', `kill -KILL "$(cat ${pidFile})"`]);
      break;
    }
  }
  await ended;
  if (armedAt === undefined) throw new Error('the update ended before it armed the dead-man timer');
  return armedAt;
}

function parse(line: string): Event {
  return JSON.parse(line) as Event;
}
