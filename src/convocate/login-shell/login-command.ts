import { basename } from 'node:path';
import { RefusedError, UsageError } from '../../base/errors.ts';
import { NotPlainWordsError, splitWords } from './split-words.ts';

const OURS = new Set(['convocate', '/usr/local/bin/convocate']);

/** The same refusal for a client that hears it in the protocol of SFTP only; see `refuse-sftp.ts`. */
export class SftpRefusedError extends RefusedError {}

/** Programs that move files or hold a terminal, and what does the same for an operator here. */
const INSTEAD: Readonly<Record<string, string>> = {
  scp: 'to copy files, log in as root or with another account, on port 22',
  'sftp-server': 'to copy files, log in as root or with another account, on port 22',
  rsync: 'to copy files, log in as root or with another account, on port 22',
  'git-upload-pack': 'to fetch with git, log in with another account, on port 22',
  'git-receive-pack': 'to push with git, log in with another account, on port 22',
};

/**
 * As a login shell, `convocate` is given what `ssh host COMMAND` asks for as `-c COMMAND`. Gives the words behind
 * `convocate`; refused (exit 3) is every other command, since nothing here runs a shell.
 */
export function loginCommand(args: readonly string[]): string[] {
  const [option, command, ...more] = args;
  if (option !== '-c' || command === undefined || more.length > 0)
    throw new UsageError('-c takes one command', { hint: 'such as: convocate -c "convocate ls --json"' });
  const words = wordsOf(command);
  const [program = '', ...rest] = words;
  if (OURS.has(program)) return rest;
  const hint =
    INSTEAD[basename(program)] ?? 'for a shell, log in as root or with another account, on port 22';
  const Refusal = basename(program) === 'sftp-server' ? SftpRefusedError : RefusedError;
  throw new Refusal(`this account runs convocate and nothing else, so not: ${shorten(command)}`, {
    hint: `\`ssh claude@HOST convocate help\` tells what it runs; ${hint}`,
  });
}

function wordsOf(command: string): string[] {
  try {
    return splitWords(command);
  } catch (error) {
    if (!(error instanceof NotPlainWordsError)) throw error;
    throw new RefusedError(
      `this account runs one convocate command, and no shell to read the line: ${error.message}: ${shorten(command)}`,
      {
        hint: 'quote what is meant as it stands; for a shell, log in as root or with another account, on port 22',
      },
    );
  }
}

function shorten(command: string): string {
  return command.length > 120 ? `${command.slice(0, 120)}…` : command;
}
