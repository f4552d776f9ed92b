import { lstat, readdir } from 'node:fs/promises';
import { isSessionId } from '../../protocol/ids.ts';
import type { Agent } from './agent.ts';
import { STOP_SECONDS } from './container-spec.ts';
import { emptyDeletedHome, setHomeAside } from './homes.ts';
import { deletedHomeOf, homeOf } from './paths.ts';
import type { LockMarker } from './session-locks.ts';
import type { ContainerRecord } from './stored-session.ts';
import { runOf } from './why-it-ended.ts';

const DELETED = '.deleted-';
/** Docker's own part of a stop, on a busy host. */
const STOP_GRACE_MS = 20_000;
/** What the marker on the source of a clone says: whatever was cut off, that home is nothing to undo. */
export const CLONE_SOURCE = 'clone-source';

/**
 * Before the agent answers anything: changes that an earlier run left half-done are finished or undone, and their
 * locks cleared. What cannot be (a change this version does not know, a disk that fails) stays locked for the
 * operator's `override`.
 */
export async function recoverChanges(agent: Agent): Promise<void> {
  for (const uuid of await agent.locks.marked()) {
    const { op, since } = (await agent.locks.readMarker(uuid)) ?? { op: '', since: '' };
    try {
      const outcome = await recoverOne(agent, uuid, { op, since });
      if (outcome) await agent.locks.clear(uuid);
      agent.log.warn({ session: uuid, op, outcome: outcome ?? 'left locked' }, 'a change was cut off');
    } catch (error) {
      agent.log.error({ err: error, session: uuid, op }, 'a change that was cut off could not be undone');
    }
  }
}

/** Says what was done; undefined where the lock has to stay. */
async function recoverOne(
  agent: Agent,
  uuid: string,
  { op, since }: LockMarker,
): Promise<string | undefined> {
  const entry = await agent.store.find(uuid);
  switch (op) {
    case 'create':
    case 'clone':
      // The metadata is written last. "clone" is what agents before this one wrote, on the copy and on its source.
      if (entry) return 'nothing to undo';
      await setHomeAside(agent.paths, uuid); // emptying it may take longer than a start: see emptyLeftovers
      return 'undone';
    case 'delete':
      if (!entry) return 'finished';
      if (!(await isSetAside(agent, uuid))) return 'not begun';
      await agent.store.remove(uuid);
      return 'finished';
    case 'kill':
      rememberKill(agent, uuid, entry?.stored?.container, Date.parse(since));
      return 'nothing to undo';
    case 'edit':
    case 'restart':
    case 'override':
    case CLONE_SOURCE:
      // One write each, or seen in Docker.
      return 'nothing to undo';
    default:
      return undefined;
  }
}

/** Docker may have been asked to stop it, and done so: that end is one that somebody wanted. A later one is not. */
function rememberKill(
  agent: Agent,
  uuid: string,
  container: ContainerRecord | undefined,
  sinceMs: number,
): void {
  if (!container?.running) return;
  const endsBetweenMs = [sinceMs, sinceMs + STOP_SECONDS * 1000 + STOP_GRACE_MS] as const;
  agent.containers.noteAskedToStop(uuid, { ...runOf(container), endsBetweenMs });
}

async function isSetAside(agent: Agent, uuid: string): Promise<boolean> {
  return (await isThere(deletedHomeOf(agent.paths, uuid))) && !(await isThere(homeOf(agent.paths, uuid)));
}

/** Empties homes whose deletion was cut off. May take long; nothing waits for it. */
export async function emptyLeftovers(agent: Agent): Promise<void> {
  const warn = (error: unknown): void =>
    agent.log.warn({ err: error }, 'left-overs of deleted homes could not be removed');
  const names = await readdir(agent.paths.homesDir).catch((error: unknown) => {
    warn(error);
    return [];
  });
  for (const name of names) {
    const uuid = name.startsWith(DELETED) ? name.slice(DELETED.length) : '';
    if (isSessionId(uuid)) await emptyDeletedHome(agent.paths, uuid).catch(warn);
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
