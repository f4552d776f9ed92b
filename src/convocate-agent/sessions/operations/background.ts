import { withDeadline } from '../../../base/deadline.ts';
import { CLAUDE_USER, containerNameOf } from '../../../protocol/host-layout.ts';
import type { Agent } from '../agent.ts';
import { requireAllowed } from '../change.ts';
import { findEntry } from '../describe-session.ts';
import { SESSION_SCRIPT } from '../session-scripts.ts';

const LEAVE_MS = 5_000;

/** Detaches every client, those from elsewhere too; the session goes on. Nothing to do where it does not run. */
export async function backgroundSession(agent: Agent, id: string): Promise<null> {
  await requireAllowed(agent, await findEntry(agent, id), 'background', await agent.locks.stale(id));
  const name = containerNameOf(id);
  const facts = await agent.docker.inspectContainer(name);
  if (!facts?.running) return null;
  const clients = agent.attached.of(id);
  await agent.docker.exec(name, { argv: [SESSION_SCRIPT.detachAll], user: CLAUDE_USER.name });
  await Promise.all(
    clients.map(async (client) => {
      await withDeadline(client.ended, LEAVE_MS, 'detaching').catch(() => client.detach());
    }),
  );
  return null;
}
