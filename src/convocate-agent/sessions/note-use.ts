import { messageOf } from '../../base/errors.ts';
import type { Agent } from './agent.ts';

/** When a session was used last. On a full disk that cannot be noted, and what uses it is needed most: never rejects. */
export async function noteUse({ store, now, log }: Agent, id: string): Promise<void> {
  const last_accessed = now().toISOString();
  try {
    await store.update(id, (stored) => ({ ...stored, last_accessed }));
  } catch (error) {
    log.warn({ session: id }, `the time of its use is not noted: ${messageOf(error)}`);
  }
}
