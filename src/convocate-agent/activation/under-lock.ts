import { readFile } from 'node:fs/promises';
import { RefusedError } from '../../base/errors.ts';
import { exitOf, startProcess } from '../../base/run-command.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { HOLDS_LOCK, LOCK_HELD, RUN_LOCKED } from '../../protocol/rollout-lock.ts';

interface LockedWork {
  /** For the next one to read: `convocate-agent prune`. */
  readonly who: string;
  /** What it means that it was refused: `so nothing was removed`. */
  readonly outcome: string;
  readonly hint: string;
}

/** Whoever started this program holds the rollout lock for it: a rollout's shell, or {@link runUnderLock}. */
export function holdsRolloutLock(): boolean {
  return process.env[HOLDS_LOCK.name] === HOLDS_LOCK.value;
}

/**
 * Runs a command that holds the rollout lock for as long as it lives, on our own terminal, and gives its exit code. Node
 * knows no `flock`, and a lock that another process held for us could be lost while we work. Throws RefusedError where
 * a rollout, or something like this, is under way.
 */
export async function runUnderLock(
  argv: readonly string[],
  { who, outcome, hint }: LockedWork,
): Promise<number> {
  const { rolloutLock, oldRolloutLock } = AGENT_HOST;
  const holder = `by ${who} since ${new Date().toISOString()}`;
  const locked = ['sh', '-c', RUN_LOCKED, 'run-locked', rolloutLock, oldRolloutLock, holder, ...argv];
  const exitCode = await exitOf(startProcess(locked, { stdio: 'inherit' }));
  if (exitCode !== LOCK_HELD) return exitCode;
  const by = await readFile(`${rolloutLock}.holder`, 'utf8').catch(() => 'by one of an earlier release');
  throw new RefusedError(`a rollout is under way on this host, ${outcome}: held ${by.trim()}`, { hint });
}

/** This very program with the words that it was started with. */
export function ownCommand(): string[] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}
