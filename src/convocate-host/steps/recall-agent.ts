import { type AgentRecord, agentNamed, scanAgents } from '../../cluster/registry.ts';
import type { Rollout } from '../rollout.ts';

/**
 * The entry of a host that is to be set up, for the rollout to know it by; undefined where there is none. A damaged
 * entry, which might be the host's own, is told and passed over: setting the host up is what mends it.
 */
export async function recallAgent(rollout: Rollout, dir?: string): Promise<AgentRecord | undefined> {
  const { agents, damaged } = await scanAgents(dir);
  const record = agentNamed(agents, rollout.hostName);
  if (record) rollout.record = record;
  else
    for (const { error } of damaged)
      rollout.reporter.warn(`${error.message}; if that is the entry of this host, it is mended now`);
  return record;
}
