import type { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode, UsageError } from './errors.ts';
import { errorToJson } from './report-error.ts';

/** Whether a line asks for JSON; words behind `--` are no options. */
export function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? words.length : end).includes('--json');
}

/**
 * Has Commander say nothing on stderr where the line asks for JSON: {@link tellBadUsage} tells it then. To be called
 * before verbs are added, which take this over.
 */
export function quietForJson(program: Command, words: readonly string[]): Command {
  return asksForJson(words) ? program.configureOutput({ writeErr: () => undefined }) : program;
}

/**
 * The exit code of a line that Commander ended: help that was asked for is no error, all else is bad usage. Commander
 * has told it in words by now; where the line asks for JSON it is told here, as one object like every other error.
 */
export function tellBadUsage(program: string, error: CommanderError, words: readonly string[]): ExitCode {
  if (error.exitCode === 0) return EXIT.done;
  if (asksForJson(words)) {
    const json = errorToJson(badUsage(program, error));
    process.stderr.write(`${JSON.stringify(json)}\n`);
  }
  return EXIT.usage;
}

function badUsage(program: string, { code, message }: CommanderError): UsageError {
  // It showed the whole help instead of saying what is wrong.
  if (code === 'commander.help') return new UsageError('no such verb', { hint: `see: ${program} help` });
  const suggestion = /\n\((?<words>.*)\)$/.exec(message);
  const wrong = suggestion ? message.slice(0, suggestion.index) : message;
  return new UsageError(wrong.replace(/^error: /, ''), {
    hint: suggestion?.groups?.['words'] ?? `see: ${program} help`,
  });
}
