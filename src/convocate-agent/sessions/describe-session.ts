import { RpcError } from '../../protocol/error-codes.ts';
import type { Session } from '../../protocol/session.ts';
import type { SessionEventType } from '../../protocol/status-events.ts';
import { containerEvidence, recordEvidence } from '../activity/container-evidence.ts';
import type { Agent } from './agent.ts';
import { findOrphan, listOrphans } from './orphans.ts';
import { checkedId } from './paths.ts';
import type { SessionEntry } from './stored-session.ts';

/** A change that only reads the session, and may take long: its program works and waits meanwhile as ever. */
const LEAVES_AS_IT_IS = 'clone';

/** The sessions, the oldest first, then the homes that no metadata belongs to. */
export async function listSessions(agent: Agent): Promise<Session[]> {
  const stored = await agent.store.list();
  const orphans = await listOrphans(agent, new Set(stored.map(({ uuid }) => uuid)));
  return await Promise.all([...stored, ...orphans].map((entry) => describeEntry(agent, entry)));
}

/** Throws `not_found`. */
export async function getSession(agent: Agent, id: string): Promise<Session> {
  return await describeEntry(agent, await findEntry(agent, id));
}

/** Throws `bad_request` for what is no id, `not_found` where there is no such session. */
export async function findEntry(agent: Agent, id: string): Promise<SessionEntry> {
  const entry = (await agent.store.find(checkedId(id))) ?? (await findOrphan(agent, id));
  if (!entry) throw new RpcError('not_found', `there is no session ${id} on this agent`);
  return entry;
}

/** The session object of the wire contract. */
export async function describeEntry(agent: Agent, entry: SessionEntry): Promise<Session> {
  const { uuid, stored } = entry;
  // Whatever container bears the name of an orphan, there is no session that it would be the container of.
  const container = entry.orphan ? undefined : agent.containers.recordOf(uuid, stored?.container);
  const seen = containerEvidence(agent.containers.factsOf(uuid)) ?? recordEvidence(container);
  const activity = entry.orphan ? undefined : agent.activities.activityOf(uuid, seen);
  const doing = agent.locks.liveOp(uuid);
  const locked =
    doing === undefined ? (await agent.locks.stale(uuid)) !== undefined : doing !== LEAVES_AS_IT_IS;
  return {
    uuid,
    name: stored?.name ?? '',
    port: stored?.port ?? 0,
    protocol: stored?.protocol ?? 'tcp',
    dns_name: stored?.dns_name ?? '',
    created_at: stored?.created_at ?? '',
    last_accessed: stored?.last_accessed ?? '',
    agent_id: agent.agentId,
    attached: agent.attached.count(uuid),
    running: container?.running ?? false,
    image: container?.image ?? '',
    container_id: container?.id ?? '',
    started_at: container?.started_at ?? '',
    ...(container?.exit_code !== undefined && { exit_code: container.exit_code }),
    ...(container && !container.running && { oom_killed: container.oom_killed }),
    ...(container?.asked_to_stop && { asked_to_stop: true }),
    locked,
    ...(container?.profile !== undefined && { profile: container.profile }),
    ...(entry.damaged !== undefined && { damaged: entry.damaged }),
    ...(entry.orphan && { orphan: true }),
    ...(activity && { activity }),
  };
}

/** Tells the shell about a session as it is now. Never fails: news must not break what they are about. */
export async function announce(agent: Agent, type: SessionEventType, id: string): Promise<void> {
  try {
    const data = await getSession(agent, id);
    agent.publish({ type, session_id: id, data });
  } catch (error) {
    if (error instanceof RpcError && error.code === 'not_found') return;
    agent.log.error({ err: error, session: id, type }, 'an event could not be made');
  }
}
