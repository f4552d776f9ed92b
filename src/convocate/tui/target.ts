import { sessionKey } from '../../cluster/session-key.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';

/** What a dialog acts on: frozen when it opens, whatever happens to the list below it. */
export interface Target {
  readonly agentId: string;
  readonly host: string;
  readonly uuid: string;
  readonly name: string;
}

export function targetOf(session: SessionView): Target {
  const { agent_id: agentId, host, uuid, name } = session;
  return { agentId, host, uuid, name };
}

export function targetKey({ agentId, uuid }: Target): string {
  return sessionKey(agentId, uuid);
}
