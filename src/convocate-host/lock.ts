import { hostname } from 'node:os';
import { OperationError, RefusedError } from '../base/errors.ts';
import { currentLogin } from '../base/login.ts';
import type { CommandResult } from '../base/run-command.ts';
import { expectSuccess } from '../host-access/checked.ts';
import type { Host } from '../host-access/host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { FENCED_OFF } from '../protocol/rollout-fence.ts';
import { FENCE, HOLD_LOCK, LOOK_AT_LOCK, scriptArgv } from './host-scripts.ts';

export interface RolloutLock {
  /** The fence's number of this rollout; it only rises, whoever takes the lock. */
  readonly number: number;
  /** Throws OperationError where the lock's connection is gone: then nothing may be changed any more. */
  assertHeld(): void;
  release(): Promise<void>;
}

/** The holder lets go when it has heard nothing for 20 s. */
const HEARTBEAT_MS = 5_000;

/** Takes the host's rollout lock, or refuses, naming who holds it, since when and from where (decision 8). */
export async function takeLock(host: Host): Promise<RolloutLock> {
  const { user, from } = currentLogin();
  const holder = `by ${user} on ${hostname()} since ${new Date().toISOString()}, logged in from ${from}`;
  const { rolloutLock, rolloutDir, rolloutWorkLock, oldRolloutLock, oldRolloutWorkLock } = AGENT_HOST;
  const places = [rolloutDir, rolloutWorkLock, oldRolloutLock, oldRolloutWorkLock];
  const process_ = await host.start(scriptArgv(HOLD_LOCK, rolloutLock, holder, ...places));
  const answer = await process_.firstLine(30_000);
  if (answer?.startsWith('held')) throw heldByAnother(host.name, answer.slice('held '.length));
  const number = Number(/^locked ([1-9]\d*)$/.exec(answer ?? '')?.[1]);
  if (!Number.isSafeInteger(number)) {
    const { stderr, exitCode } = await process_.ended;
    throw new OperationError('the rollout lock could not be taken', {
      host: host.name,
      exitCode,
      output: stderr,
      hint: `see whether the disk of the host is full: df -h ${rolloutDir}`,
    });
  }
  let lost: CommandResult | undefined;
  let released = false;
  const heartbeat = setInterval(() => process_.say('\n'), HEARTBEAT_MS);
  void process_.ended.then((end) => {
    if (!released) lost = end;
    clearInterval(heartbeat);
  });
  return {
    number,
    assertHeld: () => {
      if (lost) throw lockLost(host.name, 'with its connection', lost);
    },
    release: async () => {
      released = true;
      clearInterval(heartbeat);
      await process_.finish();
    },
  };
}

/**
 * The same host, where everything runs behind the fence: the host itself refuses what comes with an old number, so
 * an operator who lost the lock can change nothing, however late a command of theirs arrives.
 */
export function behindFence(host: Host, lock: Pick<RolloutLock, 'number' | 'assertHeld'>): Host {
  const { rolloutDir, rolloutWorkLock, oldRolloutWorkLock } = AGENT_HOST;
  const fenced = (argv: readonly string[]): string[] => {
    lock.assertHeld();
    return scriptArgv(FENCE, rolloutDir, rolloutWorkLock, oldRolloutWorkLock, String(lock.number), ...argv);
  };
  const expectInside = (result: CommandResult): CommandResult => {
    if (result.exitCode !== FENCED_OFF) return result;
    throw lockLost(host.name, `to another rollout (${lastLine(result)})`, result);
  };
  const run: Host['run'] = async (argv, options) => expectInside(await host.run(fenced(argv), options));
  return {
    ...host,
    run,
    check: async (argv, options) => expectSuccess(host.name, argv, await run(argv, options)),
    start: async (argv) => {
      const running = await host.start(fenced(argv));
      return { ...running, finish: async (timeoutMs) => expectInside(await running.finish(timeoutMs)) };
    },
  };
}

/** For a dry run, which takes no lock: who holds it, or undefined. */
export async function lookAtLock(host: Host): Promise<string | undefined> {
  const holder = await host.check(scriptArgv(LOOK_AT_LOCK, AGENT_HOST.rolloutLock));
  return holder.trim() || undefined;
}

function heldByAnother(host: string, holder: string): RefusedError {
  return new RefusedError(`another rollout is under way on this host: held ${holder}`, {
    host,
    hint: 'wait for it to end; if its operator is gone, the lock ends by itself within 20 s',
  });
}

/** `end`: of its holder, or of what was to be run under it. */
function lockLost(host: string, how: string, { exitCode, stderr }: CommandResult): OperationError {
  return new OperationError(`the rollout lock was lost ${how}; nothing more was changed`, {
    ...{ host, exitCode, output: stderr },
    hint: 'see `convocate-host status`, then run the same command again',
  });
}

function lastLine({ stderr }: CommandResult): string {
  return stderr.trim().split('\n').at(-1) ?? '';
}
