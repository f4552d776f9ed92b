import { OperationError } from '../../base/errors.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import type { Session } from '../../protocol/session.ts';
import { describeSession } from '../commands/find-session.ts';
import { openOwnTerminal } from './own-terminal.ts';
import { relayTerminal } from './relay-terminal.ts';

type Target = Pick<Session, 'uuid' | 'name' | 'agent_id'> & { readonly host: string };

/**
 * Shows a session on the operator's terminal until they leave it or it ends; then tells which. The terminal is as it
 * was on every way out. {@link OperationError} where the connection was lost or a signal came.
 */
export async function attachToSession(
  shell: ShellClient,
  target: Target,
  options: { readonly readOnly?: boolean },
): Promise<void> {
  const own = openOwnTerminal();
  let signal: NodeJS.Signals | undefined;
  try {
    const terminal = await shell.attach(target.agent_id, {
      id: target.uuid,
      ...own.size(),
      term: knownTerm(process.env['TERM']),
      read_only: options.readOnly ?? false,
    });
    signal = await relayTerminal(own, terminal);
  } finally {
    own.restore();
    own.output.destroy();
  }
  const what = describeSession(target);
  if (signal)
    throw new OperationError(`ended by ${signal}; ${what} goes on`, {
      hint: `\`convocate attach ${target.uuid.slice(0, 8)}\` opens it again`,
    });
  process.stderr.write(`${await farewell(shell, target, what)}\n`);
}

/** The end of the stream does not tell why it came; the agent knows. */
async function farewell(shell: ShellClient, target: Target, what: string): Promise<string> {
  const again = {
    hint: `\`convocate attach ${target.uuid.slice(0, 8)}\` opens it again, once it can be reached`,
  };
  const sessions = await shell.sessions().catch((cause: unknown) => {
    throw new OperationError(`the connection to ${what} was lost; the session goes on`, { ...again, cause });
  });
  const now = sessions.find(({ uuid, agent_id }) => uuid === target.uuid && agent_id === target.agent_id);
  if (now?.stale) throw new OperationError(`the connection to ${what} was lost; the session goes on`, again);
  if (!now) return `${what} was removed`;
  return now.running ? `left ${what}; it goes on running` : `${what} has ended`;
}

/** The wire takes plain names only; whatever else TERM may hold, most terminals resemble this one. */
function knownTerm(term: string | undefined): string {
  return term !== undefined && /^[A-Za-z0-9._+-]{1,64}$/.test(term) ? term : 'xterm-256color';
}
