import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { clusterSigners } from '../cluster-keys.ts';
import { type Step, need } from '../rollout.ts';
import { writeHostFile } from '../write-host-file.ts';

/** Tells a new agent host whose releases to take, before the first one asks to be activated there. */
export const introduceCluster: Step = {
  title: "giving it the cluster's signing key (public half)",
  run: async (rollout) => {
    await writeHostFile(need(rollout, 'host'), AGENT_HOST.allowedSignersFile, await clusterSigners(), '644');
  },
};
