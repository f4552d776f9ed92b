import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { RefusedError, UsageError } from '../../base/errors.ts';
import { stateOf } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { printJson } from './printable.ts';

interface RmOptions {
  readonly agent?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addRmCommand(program: Command): void {
  program
    .command('rm')
    .description('remove a session: its container and everything in its home')
    .argument('<session>', 'UUID, its first 8 or more characters, or name')
    .option('--agent <host|id>', 'on this agent only')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .option('--json', 'print the session as it was, as JSON')
    .action(async (reference: string, options: RmOptions) => {
      const [{ openShell }, { findSession, describeSession }] = await Promise.all([
        import('./open-shell.ts'),
        import('./find-session.ts'),
      ]);
      const shell = openShell();
      const session = await findSession(shell, reference, options);
      const what = describeSession(session);
      if (!options.yes) await confirm(session, what);
      await shell.call(session.agent_id, 'delete', { id: session.uuid });
      if (options.json) printJson(session);
      else process.stdout.write(`removed ${what}\n`);
    });
}

/** The default is No: an accidental Enter must not cost a session's work. */
async function confirm(session: SessionView, what: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError(`rm asks before it removes ${what}, and there is no terminal to ask on`, {
      hint: 'give --yes',
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  lines.on('close', () => closed.abort()); // Ctrl-D and Ctrl-C mean No as well
  try {
    const question = `Remove ${what}, which is ${stateOf(session)}, and everything in its home? [y/N] `;
    const answer = await lines.question(question, { signal: closed.signal }).catch(() => '');
    if (!/^y(es)?$/i.test(answer.trim())) throw new RefusedError(`not removed: ${what}`);
  } finally {
    lines.close();
  }
}
