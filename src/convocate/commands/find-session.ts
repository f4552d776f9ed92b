import { RefusedError, UsageError } from '../../base/errors.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { namedAgent } from './choose-agent.ts';
import { printable } from './printable.ts';

/** As messages show it. Shorter ones are what people call sessions: years, numbers of tickets; a name that is gone must not mean another. */
const MIN_PREFIX = 8;

/** Asks the service and finds the one session that `reference` names, on `agent` only where one is given. */
export async function findSession(
  shell: ShellClient,
  reference: string,
  options: { readonly agent?: string } = {},
): Promise<SessionView> {
  const [agents, sessions] = await Promise.all([shell.agents(), shell.sessions()]);
  const only = options.agent === undefined ? undefined : namedAgent(agents, options.agent);
  return resolveSession(
    sessions.filter((session) => !only || session.agent_id === only.agent_id),
    reference,
    agents.filter((agent) => !agent.up && (!only || agent.agent_id === only.agent_id)),
  );
}

/**
 * By UUID, by a prefix of it of 8 characters or more, or by name; refused unless exactly one session fits. Nothing names
 * none: an orphan and a damaged session have no name, and a script's variable that was never set must not mean them.
 */
export function resolveSession(
  sessions: readonly SessionView[],
  reference: string,
  downAgents: readonly AgentView[],
): SessionView {
  if (reference === '')
    throw new UsageError('no session is named: the word for it is empty', {
      hint: 'give its UUID, 8 or more leading characters of it, or its name; `convocate ls` shows them',
    });
  const isPrefix = (session: SessionView): boolean =>
    reference.length >= MIN_PREFIX && session.uuid.startsWith(reference.toLowerCase());
  const found = sessions.filter((session) => session.name === reference || isPrefix(session));
  const [only, ...more] = found;
  if (only && more.length === 0) return only;
  if (only)
    throw new RefusedError(`${JSON.stringify(reference)} names ${found.length} sessions`, {
      output: found.map(describeSession).join('\n'),
      hint: 'name it by more of its UUID, or say on which host with --agent',
    });
  const unseen = downAgents.map((agent) => agent.host).join(', ');
  throw new RefusedError(`there is no session ${JSON.stringify(reference)}`, {
    hint: unseen
      ? `some agents cannot be asked just now: ${unseen}`
      : 'run `convocate ls` for those there are',
  });
}

/** One line that cannot be mistaken for another session. */
export function describeSession(session: Pick<SessionView, 'name' | 'uuid' | 'host'>): string {
  return `${printable(session.name) || '(no name)'} (${session.uuid}) on ${printable(session.host)}`;
}
