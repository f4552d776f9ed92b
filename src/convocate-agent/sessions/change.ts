import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { ALLOWED, type SessionAction, type SessionState, stateOf } from '../../protocol/session-actions.ts';
import type { Session } from '../../protocol/session.ts';
import type { Agent } from './agent.ts';
import { announce, describeEntry, findEntry } from './describe-session.ts';
import { orphanIn } from './orphans.ts';
import type { LockMarker } from './session-locks.ts';
import type { OrphanEntry, SessionEntry } from './stored-session.ts';

/**
 * A full disk must not refuse what would free it, so these go on without a marker. An agent that crashes in the middle of one
 * does not know of it at its next start: a kill that Docker carried out looks like an end that nobody asked for. Of a delete
 * whose home was set aside already the home is emptied then as ever, and the session is listed without one, until it is
 * deleted again; before that step there is nothing to finish.
 */
const MAKES_ROOM: ReadonlySet<SessionAction> = new Set(['kill', 'delete']);

/** They tell the news about the container themselves, when they are done. */
const TELLS_ITSELF: ReadonlySet<string> = new Set<SessionAction>(['kill', 'delete', 'restart']);

/** Whether the watch leaves the news to the change that is under way. */
export function isToldByChange(liveOp: string | undefined): boolean {
  return liveOp !== undefined && TELLS_ITSELF.has(liveOp);
}

/**
 * The way every change to a session goes: the id is one, the session exists, no other change is under way (`busy`),
 * its state allows it (`conflict`), and a marker on disk tells of it while `task` runs ({@link MAKES_ROOM} excepted).
 *
 * @param marker what the marker says, where that is not the action
 */
export async function changeSession<T>(
  agent: Agent,
  id: string,
  action: SessionAction,
  task: (entry: SessionEntry) => Promise<T>,
  marker: string = action,
): Promise<T> {
  await findEntry(agent, id);
  let before: Session | undefined;
  const change = agent.locks.hold(id, action, async () => {
    const entry = (await agent.store.find(id)) ?? (await orphanIn(agent, id)) ?? (await findEntry(agent, id));
    // Nobody else is at work on it: a marker that is there now was left by an earlier run of the agent.
    await requireAllowed(agent, entry, action, await agent.locks.readMarker(id));
    const goOn = (error: unknown): void =>
      agent.log.warn({ session: id, op: action }, `it goes on without a marker: ${messageOf(error)}`);
    const begin = async (): Promise<T> => {
      before = await describeEntry(agent, entry);
      return await task(entry);
    };
    return await agent.locks.mark(id, marker, begin, MAKES_ROOM.has(action) ? goOn : undefined);
  });
  try {
    return await change;
  } catch (error) {
    if (before && isToldByChange(action)) await tellHowFar(agent, before);
    throw error;
  }
}

/** Nobody else tells what a change that failed has done to the session. */
async function tellHowFar(agent: Agent, before: Session): Promise<void> {
  const entry = await agent.store.find(before.uuid).catch(() => undefined);
  if (!entry) return;
  const now = { ...(await describeEntry(agent, entry)), locked: before.locked };
  if (!isDeepStrictEqual(now, before)) await announce(agent, 'container.edited', before.uuid);
}

/** Throws `conflict` where the table of the contract forbids `action` in the session's state. */
export async function requireAllowed(
  agent: Agent,
  entry: SessionEntry,
  action: SessionAction,
  stale: LockMarker | undefined,
): Promise<void> {
  const state = stateOf({ ...(await describeEntry(agent, entry)), locked: stale !== undefined });
  if (ALLOWED[state][action]) return;
  if (entry.orphan) throw orphanProblem(action, entry);
  throw new RpcError('conflict', `${action}: session ${nameOf(entry)} ${explain(state, entry, stale?.op)}`);
}

/** The name and id, as messages have it. */
export function nameOf({ stored, uuid }: SessionEntry): string {
  return stored ? `"${stored.name}" (${uuid})` : uuid;
}

/** Why nothing but `clone` and `delete` can be had of a home that no metadata belongs to. */
export function orphanProblem(what: string, { uuid }: OrphanEntry): RpcError {
  const ways = '"clone" makes a session of it, "delete" removes it';
  return new RpcError('conflict', `${what}: ${uuid} is only a home that no metadata belongs to; ${ways}`);
}

function explain(state: SessionState, entry: SessionEntry, staleOp: string | undefined): string {
  switch (state) {
    case 'running':
      return 'is running; "kill" stops it';
    case 'connected':
      return 'is running, with a client attached; "kill" stops it';
    case 'stopped':
      return 'is stopped; "restart" starts it';
    case 'locked':
      return `is locked: ${staleOp ?? 'a change'} was cut off; "override" clears the lock`;
    case 'damaged':
      return `is damaged: ${entry.damaged}`;
    case 'orphan':
      return 'is only a home';
  }
}
