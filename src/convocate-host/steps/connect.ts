import { RefusedError } from '../../base/errors.ts';
import { findAgent, knownHostsFileOf } from '../../cluster/registry.ts';
import { LOCAL, openHost } from '../open-host.ts';
import type { Step } from '../rollout.ts';

/** The seed's first step: connect with the key pinned at init-agent, or refuse. */
export const connect: Step = {
  title: 'connecting with the pinned host key',
  run: async (rollout) => {
    const record = await findAgent(rollout.hostName);
    if (!record) {
      throw new RefusedError('this host is not a registered agent; nothing was changed', {
        host: rollout.hostName,
        hint: `set it up first: convocate-host init-agent --host ${rollout.hostName}`,
      });
    }
    rollout.record = record;
    if (record.host === LOCAL) rollout.reporter.note('this very machine, without SSH');
    rollout.host = await openHost(record.host, rollout.user ?? record.user, knownHostsFileOf(record.agentId));
  },
};
