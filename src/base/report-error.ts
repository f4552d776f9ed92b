import { DeadlineError } from './deadline.ts';
import { EXIT, type ExitCode, OperationError, OperatorError, codeOf, messageOf } from './errors.ts';
import { formatArgv } from './shell-quote.ts';

const MOST_LINES = 40;
const MOST_COLUMNS = 500;

/** The lines an operator reads: what failed, where, the command, its last words, and what to do next. */
export function describeError(thrown: unknown): string {
  const error = asOperatorError(thrown);
  const trace = process.env['CONVOCATE_DEBUG'] ? `\n${thrown instanceof Error ? thrown.stack : ''}` : '';
  if (!(error instanceof OperatorError))
    return `internal error: ${messageOf(error)}\n  this is a bug; set CONVOCATE_DEBUG=1 to see where${trace}`;
  const { host, argv, exitCode, output, hint } = error.details;
  const lines = [`error: ${error.message}`];
  if (host) lines.push(`  host:    ${host}`);
  if (argv)
    lines.push(`  command: ${formatArgv(argv)}${exitCode === undefined ? '' : `  (exit ${exitCode})`}`);
  for (const line of lastWords(output).slice(-8)) lines.push(`  | ${line}`);
  if (hint) lines.push(`  next:    ${hint}`);
  return lines.join('\n') + trace;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on the disk of this machine, then run this again',
  EDQUOT: 'the quota of this user is used up: make room, then run this again',
  EROFS: 'that file system can only be read: see why (dmesg), mount it to be written, then run this again',
  EIO: 'a disk of this machine may be failing (dmesg), or the terminal is gone',
};

const OTHERWISE = 'see to what is named there, then run this again';

/** Trouble of the machine is no bug of ours: what the system said no to, and what did not come to an end in time. */
function asOperatorError(error: unknown): unknown {
  if (error instanceof DeadlineError)
    return new OperationError(error.message, { hint: 'see whether it hangs, then run this again' });
  const code = codeOf(error) ?? '';
  if (!/^E[A-Z0-9]+$/.test(code)) return error; // Node's own have an underscore, and are bugs
  return new OperationError(messageOf(error), { hint: HINTS[code] ?? OTHERWISE, cause: error });
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof OperatorError ? error.exit : EXIT.failed;
}

/**
 * From now on an error that nobody caught ends the process as any error does: told by `words` on stderr, without a stack,
 * after those who listen for the exit have given back what they hold, such as a terminal. Who listens for such errors later
 * is in charge while they do.
 */
export function reportUncaught(words: (error: unknown) => string): void {
  const onUncaught = (error: unknown): void => {
    if (process.listeners('uncaughtException').at(-1) !== onUncaught) return;
    process.once('exit', () => process.stderr.write(words(error)));
    process.exit(exitCodeOf(error));
  };
  process.on('uncaughtException', onUncaught);
}

/** One JSON object for `--json`: the same facts as {@link describeError}. */
export function errorToJson(thrown: unknown): Record<string, unknown> {
  const error = asOperatorError(thrown);
  if (!(error instanceof OperatorError))
    return { error: messageOf(error), kind: 'internal', exit: EXIT.failed };
  const { cause: _cause, output, ...details } = error.details;
  const words = output === undefined ? {} : { output: lastWords(output).join('\n') };
  return { error: error.message, kind: error.name, exit: error.exit, ...details, ...words };
}

/** Lines of a program's stack, as Node prints them. */
const TRACE = /^\s+at .+[(/:]|^(file|node):\S+:\d+$|^Node\.js v\d/;

/** What a command printed, fit to be read: a program that broke prints its stack, and lines of its text as long as files. */
function lastWords(output = ''): string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '' && !TRACE.test(line))
    .slice(-MOST_LINES)
    .map((line) => (line.length > MOST_COLUMNS ? `${line.slice(0, MOST_COLUMNS)}…` : line));
}

/** What a failed command prints on stderr. */
export function errorWords(error: unknown, json: boolean | undefined): string {
  return `${json ? JSON.stringify(errorToJson(error)) : describeError(error)}\n`;
}

/** Runs a command to its end; an error becomes words, or one JSON object, on stderr, and the exit code of its kind. */
export async function reportErrors(json: boolean | undefined, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    process.stderr.write(errorWords(error, json));
    process.exitCode = exitCodeOf(error);
  }
}
