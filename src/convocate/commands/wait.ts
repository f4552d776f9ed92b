import { type Command, InvalidArgumentError, Option } from 'commander';
import { OperationError } from '../../base/errors.ts';
import type { Session } from '../../protocol/session.ts';
import type { ClusterPicture } from '../../cluster/cluster-picture.ts';
import { sessionKey } from '../../cluster/session-key.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { describeSession } from './find-session.ts';
import { parseDuration } from './option-values.ts';
import { printJson, printable } from './printable.ts';
import { type SessionOptions, namedSession, sessionCommand } from './session-command.ts';

const AWAITED = ['waiting', 'exited', 'idle', 'working', 'running', 'stopped'] as const;
export type Awaited = (typeof AWAITED)[number];

interface WaitOptions extends SessionOptions {
  readonly for: readonly Awaited[];
  readonly timeout?: number;
}

export function addWaitCommand(program: Command): void {
  const what = new Option('--for <state>', 'what to wait for; repeatable, the first that comes ends it')
    .choices(AWAITED)
    .argParser(collectAwaited)
    .makeOptionMandatory();
  sessionCommand(
    program,
    'wait',
    'wait until a session, or the program in it, is in a state; at once if it is',
  )
    .addOption(what)
    .option('--timeout <time>', 'give up after this, with exit code 1, such as 90s, 5m, 2h', parseDuration)
    .option('--json', 'print the session as JSON when it has come')
    .action(wait);
}

async function wait(reference: string, options: WaitOptions): Promise<void> {
  const { shell, session } = await namedSession(reference, options);
  const { watchCluster } = await import('./watch-cluster.ts');
  const what = describeSession(session);
  const states = options.for.join(' or ');
  const late = new AbortController();
  const timer = options.timeout === undefined ? undefined : setTimeout(() => late.abort(), options.timeout);
  try {
    const onLost = (problem: string): void =>
      void process.stderr.write(`convocate-status.service went away (${problem}); waiting for its return\n`);
    let last: Session = session;
    for await (const picture of watchCluster(shell, { signal: late.signal, onLost })) {
      const now = seenIn(picture, session);
      if (!now) continue;
      last = now;
      const come = options.for.find((state) => isIn(state, now));
      if (come === undefined) continue;
      if (options.json) printJson(now);
      else process.stdout.write(`${what} is ${come}\n`);
      return;
    }
    throw new OperationError(`${what} was not ${states} within ${(options.timeout ?? 0) / 1000} s`, {
      hint: `it is ${wordsFor(last)}; \`convocate explain ${session.uuid.slice(0, 8)}\` says how that is known`,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The session as it is now; undefined while nobody can say. Throws where it was removed. */
function seenIn(picture: ClusterPicture, session: SessionView): Session | undefined {
  const agent = picture.agents.get(session.agent_id);
  const now = picture.sessions.get(sessionKey(session.agent_id, session.uuid));
  if (!agent)
    throw new OperationError(`${printable(session.host)} is no agent of this cluster any more`, {
      hint: `${describeSession(session)} may live on there`,
    });
  if (!now) throw removed(session);
  return now.stale ? undefined : now;
}

export function isIn(state: Awaited, { running, activity, started_at }: Session): boolean {
  switch (state) {
    case 'running':
      return running;
    case 'stopped':
      return !running;
    case 'exited':
      return activity?.state === 'exited' || (!running && started_at !== '');
    default:
      return running && activity?.state === state;
  }
}

function removed(session: SessionView): OperationError {
  return new OperationError(`${describeSession(session)} was removed`, {
    hint: 'run `convocate ls` for those there are',
  });
}

function wordsFor({ running, activity }: Session): string {
  if (!running) return 'stopped';
  return activity ? activity.state : 'running, and what its program is doing is unknown';
}

function collectAwaited(text: string, before: readonly Awaited[] = []): readonly Awaited[] {
  const state = AWAITED.find((one) => one === text);
  if (!state) throw new InvalidArgumentError(`Allowed choices are ${AWAITED.join(', ')}.`);
  return [...before, state];
}
