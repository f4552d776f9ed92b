import { hostname, userInfo } from 'node:os';
import { OperationError, RefusedError } from '../base/errors.ts';
import type { Host } from '../host-access/host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { HOLD_LOCK, LOOK_AT_LOCK, scriptArgv } from './host-scripts.ts';

export interface RolloutLock {
  /** Throws OperationError where the lock was lost meanwhile: then nothing may be changed any more. */
  assertHeld(): void;
  release(): Promise<void>;
}

/** The holder lets go when it has heard nothing for 20 s. */
const HEARTBEAT_MS = 5_000;

/** Takes the host's rollout lock, or refuses, naming who holds it, since when and from where (decision D10). */
export async function takeLock(host: Host): Promise<RolloutLock> {
  const operator = process.env['SUDO_USER'] ?? userInfo().username;
  const holder = `by ${operator} on ${hostname()} since ${new Date().toISOString()}`;
  const process_ = await host.start(scriptArgv(HOLD_LOCK, AGENT_HOST.rolloutLock, holder));
  const answer = await process_.firstLine(15_000);
  if (answer?.startsWith('held')) throw heldByAnother(host.name, answer.slice('held '.length));
  if (answer !== 'locked') {
    const { stderr, exitCode } = await process_.ended;
    throw new OperationError('the rollout lock could not be taken', {
      host: host.name,
      exitCode,
      output: stderr,
    });
  }
  let lost = false;
  let released = false;
  const heartbeat = setInterval(() => process_.say('\n'), HEARTBEAT_MS);
  void process_.ended.then(() => {
    lost = !released;
    clearInterval(heartbeat);
  });
  return {
    assertHeld: () => {
      if (!lost) return;
      throw new OperationError('the rollout lock was lost with its connection; nothing more was changed', {
        host: host.name,
        hint: 'run the same command again',
      });
    },
    release: async () => {
      released = true;
      clearInterval(heartbeat);
      await process_.finish();
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
