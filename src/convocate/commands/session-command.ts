import type { Command } from 'commander';
import type { ShellClient } from '../../cluster/shell-client.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { sessionAfter } from './after-change.ts';
import { describeSession, findSession } from './find-session.ts';
import { printJson } from './printable.ts';

export interface SessionOptions {
  readonly agent?: string;
  readonly json?: boolean;
}

/** A verb whose first word names one session. */
export function sessionCommand(program: Command, verb: string, description: string): Command {
  return program
    .command(verb)
    .description(description)
    .argument('<session>', 'UUID, its first 8 or more characters, or name')
    .option('--agent <host|id>', 'on this agent only');
}

/** The session that the operator named, and the way to it. */
export async function namedSession(
  reference: string,
  options: SessionOptions,
): Promise<{ readonly shell: ShellClient; readonly session: SessionView }> {
  const { openShell } = await import('./open-shell.ts');
  const shell = openShell();
  return { shell, session: await findSession(shell, reference, options) };
}

/** What came of a change: the session as its agent has it now for `--json`, else one line. */
export async function tellChange(
  { shell, session }: { readonly shell: ShellClient; readonly session: SessionView },
  line: (what: string) => string,
  json: boolean | undefined,
): Promise<void> {
  const done = line(describeSession(session));
  const { agent_id: agentId, uuid } = session;
  if (json) printJson(await sessionAfter(shell, { agentId, uuid }, done));
  else process.stdout.write(`${done}\n`);
}
