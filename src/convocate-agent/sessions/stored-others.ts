import type { Agent } from './agent.ts';
import type { StoredSession } from './stored-session.ts';

/** Every session whose metadata is whole: who holds which port and name. */
export async function othersOf(agent: Agent): Promise<StoredSession[]> {
  const entries = await agent.store.list();
  return entries.flatMap(({ stored }) => (stored ? [stored] : []));
}
