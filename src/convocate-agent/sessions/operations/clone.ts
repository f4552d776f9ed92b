import { randomUUID } from 'node:crypto';
import type { RpcParams, RpcResult } from '../../../protocol/rpc.ts';
import type { Agent } from '../agent.ts';
import { changeSession } from '../change.ts';
import { announce, getSession } from '../describe-session.ts';
import { cloneHome, removeHome } from '../homes.ts';
import { CLONE_SOURCE } from '../recover.ts';

/**
 * A new session with a copy of another's home, without port, DNS name or container. The metadata is written last: a
 * copy that fails half-way is taken away again. The source is busy for others while it is copied. It may be a home
 * that no metadata belongs to: this is how one is had back.
 */
export async function cloneSession(agent: Agent, params: RpcParams<'clone'>): Promise<RpcResult<'clone'>> {
  const uuid = randomUUID();
  const skipped = await changeSession(
    agent,
    params.source_id,
    'clone',
    () =>
      agent.locks.hold(uuid, 'create', () =>
        agent.locks.mark(uuid, 'create', () => copyAndStore(agent, params, uuid)),
      ),
    CLONE_SOURCE,
  );
  await announce(agent, 'container.created', uuid);
  return { ...(await getSession(agent, uuid)), skipped_files: skipped };
}

async function copyAndStore(agent: Agent, params: RpcParams<'clone'>, uuid: string): Promise<number> {
  const now = agent.now().toISOString();
  try {
    const { skipped, stripped } = await cloneHome(agent.paths, params.source_id, uuid);
    if (stripped > 0) {
      const fields = { session: uuid, source: params.source_id, entries: stripped };
      agent.log.warn(fields, 'set-user-ID and set-group-ID bits were left out of the copy of a home');
    }
    await agent.store.write({
      format: 1,
      uuid,
      name: params.name,
      port: 0,
      protocol: 'tcp',
      dns_name: '',
      created_at: now,
      last_accessed: now,
    });
    return skipped;
  } catch (error) {
    await removeHome(agent.paths, uuid);
    throw error;
  }
}
