import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { OperationError, codeOf } from '../../base/errors.ts';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { CLAUDE_USER } from '../../protocol/host-layout.ts';

/** Where `programs.ts` puts it; it is the same path through every release. */
const LOGIN_SHELL = '/usr/local/bin/convocate';
/** The shells that an account may have; `su` and FTP servers of old look here too. */
const SHELLS_FILE = '/etc/shells';

/** From now on whoever logs in as claude is in convocate. Twice changes nothing. */
export async function ensureLoginShell(say: (text: string) => void): Promise<void> {
  const shells = withShell(await readShells(), LOGIN_SHELL);
  if (shells !== undefined) {
    await writeFileAtomic(SHELLS_FILE, shells);
    say(`added ${LOGIN_SHELL} to ${SHELLS_FILE}`);
  }
  const before = shellOf(await runChecked(['getent', 'passwd', CLAUDE_USER.name]));
  if (before === LOGIN_SHELL) return;
  const argv = ['usermod', '--shell', LOGIN_SHELL, CLAUDE_USER.name];
  const { exitCode, stderr } = await runCommand(argv);
  if (exitCode !== 0)
    throw new OperationError(`the login shell of ${CLAUDE_USER.name} could not be set`, {
      argv,
      exitCode,
      output: stderr,
      hint: `where accounts are kept elsewhere, set it to ${LOGIN_SHELL} there, and install with --no-login-shell`,
    });
  say(`the login shell of ${CLAUDE_USER.name} is ${LOGIN_SHELL} now; it was ${before || '/bin/sh'}`);
}

/** The text of a shells file with one more shell in it; undefined where it has it. */
export function withShell(text: string, shell: string): string | undefined {
  if (text.split('\n').some((line) => line.trim() === shell)) return undefined;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${shell}\n`;
}

/** The last field of a passwd entry. */
export function shellOf(entry: string): string {
  return entry.trimEnd().split(':')[6] ?? '';
}

async function readShells(): Promise<string> {
  try {
    return await readFile(SHELLS_FILE, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
