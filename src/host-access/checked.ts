import { DeadlineError } from '../base/deadline.ts';
import { OperationError } from '../base/errors.ts';
import type { CommandResult } from '../base/run-command.ts';

/** stdout of a command that must succeed; else an error that says what ran where and what it printed last. */
export function expectSuccess(host: string, argv: readonly string[], result: CommandResult): string {
  if (result.exitCode === 0) return result.stdout;
  throw new OperationError(`${programOf(argv)} failed`, {
    host,
    argv,
    exitCode: result.exitCode,
    output: result.stderr.trim() || result.stdout,
  });
}

/** What `argv` comes to on that host; where it does not end in time, an error that says what was run where. */
export async function expectInTime<T>(host: string, argv: readonly string[], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof DeadlineError)) throw cause;
    throw new OperationError(`the host did not finish a command within ${cause.timeoutMs / 1000} s`, {
      host,
      argv,
      hint: 'see whether it is overloaded, or a disk or Docker hangs there (the command may run on); then run this again',
      cause,
    });
  }
}

function programOf(argv: readonly string[]): string {
  return argv[0]?.split('/').at(-1) ?? 'command';
}
