import { RefusedError } from '../../base/errors.ts';
import { knownHostsFileOf } from '../../cluster/registry.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { clusterSigners, statusHostKey } from '../cluster-keys.ts';
import { LOCAL, openHost } from '../open-host.ts';
import { type Rollout, type Step, need, runSteps } from '../rollout.ts';
import { installAgent } from '../steps/activate.ts';
import { checkFiles } from '../steps/check-files.ts';
import { confirmHealthy } from '../steps/confirm-healthy.ts';
import { connect } from '../steps/connect.ts';
import { armDeadMan, disarmDeadMan } from '../steps/dead-man.ts';
import { gatherFacts, refuseUnfit } from '../steps/gather-facts.ts';
import { introduceCluster } from '../steps/introduce-cluster.ts';
import { noteSessions } from '../steps/note-sessions.ts';
import { peerKeys } from '../steps/peer-keys.ts';
import { pinHostKey } from '../steps/pin-host-key.ts';
import { recallAgent } from '../steps/recall-agent.ts';
import { restartAgent } from '../steps/restart-agent.ts';
import { settleEarlier } from '../steps/settle-earlier.ts';
import { stageFiles } from '../steps/stage-files.ts';
import { stageImage } from '../steps/stage-image.ts';
import { takeLock } from '../steps/take-lock.ts';

export interface InitAgentOptions {
  readonly user: string | undefined;
  readonly shellHost: string | undefined;
  readonly hostKey: string | undefined;
}

/**
 * `convocate-host init-agent`: makes a host an agent of this cluster, and run again, mends what has drifted. It
 * never changes a key or an id that is there.
 */
export async function initAgent(rollout: Rollout, options: InitAgentOptions): Promise<void> {
  await Promise.all([clusterSigners(), statusHostKey()]); // a host must not be set up for a cluster that is not there
  const known = await recallAgent(rollout);
  const user = options.user ?? known?.user;
  const isHere = rollout.hostName === LOCAL;
  let pin: string | undefined;
  const firstContact: Step = {
    title: isHere ? 'this very machine, without SSH' : known ? connect.title : 'first contact',
    run: async () => {
      if (isHere) {
        rollout.host = await openHost(LOCAL, undefined, '');
        return;
      }
      const pinFile = known && knownHostsFileOf(known.agentId);
      const pinned = await pinHostKey(rollout.hostName, pinFile, options.hostKey);
      pin = pinned.text;
      rollout.host = await openHost(rollout.hostName, user, pinned.knownHostsFile);
    },
  };
  const refuseAnotherAgent: Step = {
    title: 'checking that it is the agent it was',
    isDone: () => known === undefined || need(rollout, 'facts').agentId === known.agentId,
    run: () => Promise.reject(anotherAgent(rollout.hostName, known?.agentId, need(rollout, 'facts').agentId)),
  };
  const exchangeKeys: Step = {
    title: 'exchanging peering keys and registering the agent',
    changesHost: true,
    run: (current) => peerKeys(current, { user, shellHost: options.shellHost, pin }),
  };
  await runSteps(
    [
      firstContact,
      gatherFacts,
      refuseUnfit, // before the lock, which leaves a first trace on a host that is new to us
      takeLock,
      gatherFacts,
      settleEarlier(gatherFacts),
      refuseUnfit,
      refuseAnotherAgent,
      introduceCluster, // before the release, whose signature is proven against that
      checkFiles,
      stageFiles,
      stageImage,
      noteSessions,
      armDeadMan,
      installAgent,
      exchangeKeys,
      restartAgent,
      confirmHealthy,
      disarmDeadMan,
    ],
    rollout,
  );
  const { agentId } = need(rollout, 'record');
  const plan = need(rollout, 'plan');
  rollout.reporter.result(
    {
      outcome: 'ready',
      agent_id: agentId,
      version: plan.version,
      sent_bytes: rollout.sentBytes,
    },
    `ready: agent ${agentId} answers as ${plan.version}`,
  );
}

function anotherAgent(host: string, registered = '', found = 'none'): RefusedError {
  return new RefusedError(
    `${host} is registered as agent ${registered}, but the host's agent id is ${found}`,
    {
      host,
      hint: `if the host was rebuilt, remove ${SHELL_HOST.agentKeysDir}/${registered}, then run init-agent again`,
    },
  );
}
