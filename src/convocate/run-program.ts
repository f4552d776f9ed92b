import { isatty } from 'node:tty';
import { CommanderError } from 'commander';
import { asksForJson, tellBadUsage } from '../base/bad-usage.ts';
import { EXIT } from '../base/errors.ts';
import { describeError, errorToJson, exitCodeOf } from '../base/report-error.ts';
import { buildProgram } from './build-program.ts';
import { jsonLine, printableText } from './commands/printable.ts';
import { SftpRefusedError } from './login-shell/login-command.ts';
import { whatToRun } from './what-to-run.ts';

/** A shell that completes a line asks with this word in front; it is no verb that a person needs to see. */
const COMPLETE = '__complete';

/**
 * Runs one command line (without the interpreter and script) and gives its exit code. Errors are told on stderr, as
 * one JSON object where the line asks for `--json`; then stdout holds nothing.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let words = args;
  try {
    const isTerminal = isatty(0) && isatty(1);
    words = whatToRun(args, { isTerminal, term: process.env['TERM'] });
    if (words[0] === COMPLETE) return await complete(words.slice(1));
    const program = await buildProgram(words[0], words);
    await program.parseAsync([...words], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return tellBadUsage('convocate', error, words);
    process.stderr.write(wordsFor(error, words));
    if (error instanceof SftpRefusedError) await answerSftp(error);
    return exitCodeOf(error);
  }
}

/** Names and screens come from elsewhere, and so do parts of what an error says. */
export function wordsFor(error: unknown, words: readonly string[]): string {
  return asksForJson(words) ? jsonLine(errorToJson(error)) : `${printableText(describeError(error))}\n`;
}

async function answerSftp({ message, details }: SftpRefusedError): Promise<void> {
  const { refuseSftp } = await import('./login-shell/refuse-sftp.ts');
  await refuseSftp(process.stdin, process.stdout, `${message}; ${details.hint}`);
}

async function complete(words: readonly string[]): Promise<number> {
  const { printCandidates } = await import('./completion/print-candidates.ts');
  return await printCandidates(words);
}
