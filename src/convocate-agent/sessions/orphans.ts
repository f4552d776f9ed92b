import { lstat, readdir } from 'node:fs/promises';
import { codeOf } from '../../base/errors.ts';
import { isSessionId } from '../../protocol/ids.ts';
import type { Agent } from './agent.ts';
import { homeOf } from './paths.ts';
import type { OrphanEntry, SessionEntry } from './stored-session.ts';

/** A home that stands without metadata for a moment is none: it is on its way in, or out. */
const HOME_COMES_OR_GOES = new Set(['create', 'delete']);

/** Homes that no metadata belongs to, `claimed` being the sessions that have some. Links are not followed. */
export async function listOrphans(agent: Agent, claimed: ReadonlySet<string>): Promise<OrphanEntry[]> {
  const homes = await readdir(agent.paths.homesDir, { withFileTypes: true }).catch((error: unknown) => {
    // The sessions are to be seen all the same.
    if (codeOf(error) !== 'ENOENT') agent.log.warn({ err: error }, 'the homes cannot be listed');
    return [];
  });
  const orphans: OrphanEntry[] = [];
  for (const entry of homes) {
    const uuid = entry.name;
    if (!isSessionId(uuid) || claimed.has(uuid) || !entry.isDirectory()) continue;
    if (homeComesOrGoes(agent, uuid)) continue;
    // Looked for after the lock: a session that was made meanwhile has written it before it gave up the lock.
    if (!(await agent.store.find(uuid))) orphans.push({ uuid, orphan: true });
  }
  return orphans.sort((a, b) => a.uuid.localeCompare(b.uuid));
}

/** To be asked for an id that no metadata was found for. */
export async function findOrphan(agent: Agent, uuid: string): Promise<SessionEntry | undefined> {
  if (homeComesOrGoes(agent, uuid)) return undefined;
  return (await agent.store.find(uuid)) ?? (await orphanIn(agent, uuid));
}

/** As {@link findOrphan}, for whoever holds the session's lock. */
export async function orphanIn(agent: Agent, uuid: string): Promise<OrphanEntry | undefined> {
  const stats = await lstat(homeOf(agent.paths, uuid)).catch(() => undefined);
  return stats?.isDirectory() ? { uuid, orphan: true } : undefined;
}

function homeComesOrGoes(agent: Agent, uuid: string): boolean {
  return HOME_COMES_OR_GOES.has(agent.locks.liveOp(uuid) ?? '');
}
