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

function programOf(argv: readonly string[]): string {
  return argv[0]?.split('/').at(-1) ?? 'command';
}
