import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import type { RolledBack, RpcOp, RpcParams, RpcResult } from '../../protocol/rpc.ts';
import type { Agent } from '../sessions/agent.ts';
import { explainActivity } from '../activity/explain-activity.ts';
import { getSession, listSessions } from '../sessions/describe-session.ts';
import { backgroundSession } from '../sessions/operations/background.ts';
import { cloneSession } from '../sessions/operations/clone.ts';
import { createSession } from '../sessions/operations/create.ts';
import { deleteSession } from '../sessions/operations/delete.ts';
import { editSession } from '../sessions/operations/edit.ts';
import { killSession } from '../sessions/operations/kill.ts';
import { readSessionLog } from '../sessions/operations/logs.ts';
import { overrideSession } from '../sessions/operations/override.ts';
import { restartSession } from '../sessions/operations/restart.ts';
import { readScreen } from '../sessions/operations/screen.ts';
import { sendToSession } from '../sessions/operations/send.ts';

/** What `ping` says about the running program. */
export interface Identity {
  readonly version: string;
  readonly imageTag: () => string;
  readonly watchesDocker: () => boolean;
  /** The rollout that this host took back last, until someone has seen that. */
  readonly rolledBack: () => Promise<RolledBack | undefined>;
}

export type Operations = { readonly [Op in RpcOp]: (params: RpcParams<Op>) => Promise<RpcResult<Op>> };

/** One entry per operation of the contract; each is a call into `sessions/`, nothing is decided here. */
export function operations(agent: Agent, identity: Identity): Operations {
  return {
    ping: async () => {
      const rolledBack = await identity.rolledBack();
      return {
        agent_id: agent.agentId,
        version: identity.version,
        protocol: PROTOCOL_VERSION,
        server_time: agent.now().toISOString(),
        image_tag: identity.imageTag(),
        docker: identity.watchesDocker(),
        ...(rolledBack && { rolled_back: rolledBack }),
      };
    },
    list: () => listSessions(agent),
    get: ({ id }) => getSession(agent, id),
    create: (params) => createSession(agent, params),
    edit: (params) => editSession(agent, params),
    clone: (params) => cloneSession(agent, params),
    delete: ({ id }) => deleteSession(agent, id),
    kill: ({ id }) => killSession(agent, id),
    restart: ({ id }) => restartSession(agent, id),
    background: ({ id }) => backgroundSession(agent, id),
    override: ({ id }) => overrideSession(agent, id),
    screen: (params) => readScreen(agent, params),
    send: (params) => sendToSession(agent, params),
    logs: (params) => readSessionLog(agent, params),
    explain: ({ id }) => explainActivity(agent, id),
    'settings-get': () => agent.settings.read(),
    'settings-set': (change) => agent.settings.change(change),
  };
}
