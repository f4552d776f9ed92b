// `convocate-host update` on the shell host, run to its end or ended in the middle, with its JSON lines read.
import { createInterface } from 'node:readline';
import type { Machine } from '../../../lab/machine.ts';

export interface RolloutEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface RolloutRun {
  readonly exitCode: number;
  readonly events: readonly RolloutEvent[];
  readonly stderr: string;
}

/** How long the unit must stay up: the default of 10 s would be most of what these tests take. */
const quick = ['--soak', '1s'];

export type RolloutVerb = 'update' | 'rollback';

export function rolloutArgv(verb: RolloutVerb, host: string, ...extra: readonly string[]): string[] {
  return ['convocate-host', verb, '--host', host, ...quick, ...extra];
}

export function updateArgv(host: string, ...extra: readonly string[]): string[] {
  return rolloutArgv('update', host, ...extra);
}

/** To the end; every line of stdout must be JSON, and an exit code other than 0 is an answer. */
export async function runUpdate(
  shell: Machine,
  host: string,
  ...extra: readonly string[]
): Promise<RolloutRun> {
  return await runRollout(shell, 'update', host, ...extra);
}

export async function runRollout(
  shell: Machine,
  verb: RolloutVerb,
  host: string,
  ...extra: readonly string[]
): Promise<RolloutRun> {
  const { exitCode, stdout, stderr } = await shell.exec(rolloutArgv(verb, host, '--json', ...extra), {
    timeoutMs: 240_000,
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { exitCode, stderr, events: lines.map((line) => JSON.parse(line) as RolloutEvent) };
}

/** The one event of this kind; throws with everything that was said where there is not exactly one. */
export function onlyEvent(run: RolloutRun, event: string): RolloutEvent {
  const found = run.events.filter((one) => one.event === event);
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(
      `${found.length} "${event}" events; exit ${run.exitCode}\n${run.stderr}\n${JSON.stringify(run.events)}`,
    );
  return only;
}

export function warningsOf({ events }: RolloutRun): string[] {
  return events.filter(({ event }) => event === 'warning').map(({ text }) => String(text));
}

export interface UpdateUnderWay {
  /** Resolves with the first event that fits; rejects where the update ends before. */
  until(fits: (event: RolloutEvent) => boolean): Promise<RolloutEvent>;
  /** As `kill -9` by an operator, or the kernel out of memory: the program gets no word in. */
  kill(): Promise<void>;
  /** What was said so far. */
  readonly events: readonly RolloutEvent[];
  readonly ended: Promise<RolloutRun>;
}

/** Starts an update and leaves it running; `operator` is who sudo says started it. */
export function startUpdate(
  shell: Machine,
  host: string,
  operator = 'root',
  ...extra: readonly string[]
): UpdateUnderWay {
  return startRollout(shell, updateArgv(host, '--json', ...extra), host, operator);
}

export function startRollout(
  shell: Machine,
  argv: readonly string[],
  host: string,
  operator = 'root',
): UpdateUnderWay {
  const pidFile = `/run/update-of-${host}.pid`;
  const line = `echo $$ > ${pidFile}; exec "$@"`;
  const child = shell.spawn(['sh', '-c', line, 'sh', ...argv], {
    env: { SUDO_USER: operator },
  });
  const seen: RolloutEvent[] = [];
  const listeners = new Set<() => void>();
  let over = false;
  let stderr = '';
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  if (child.stdout === null) throw new TypeError('spawned without a pipe');
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.endsWith('}')) return; // its last words, when it was killed in the middle of them
    seen.push(JSON.parse(text) as RolloutEvent);
    tell();
  });
  const ended = new Promise<RolloutRun>((resolve) => {
    child.once('close', (code) => {
      over = true;
      tell();
      resolve({ exitCode: code ?? 128, events: seen, stderr });
    });
  });
  return {
    events: seen,
    ended,
    kill: async () => {
      await shell.run(['sh', '-c', 'kill -KILL "$(cat "$1")"', 'sh', pidFile]);
      await ended;
    },
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = seen.find(fits);
          if (!found && !over) return;
          listeners.delete(look);
          if (found) resolve(found);
          else reject(new Error(`the update of ${host} ended before:\n${stderr}\n${JSON.stringify(seen)}`));
        };
        listeners.add(look);
        look();
      }),
  };
}
