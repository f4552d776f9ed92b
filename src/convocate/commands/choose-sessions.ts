import { compareText } from '../../base/compare-text.ts';
import { type SessionState, stateOf } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { needsAttention } from '../needs-attention.ts';

export interface Choice {
  /** Agent id. */
  readonly agent?: string | undefined;
  readonly state?: SessionState | undefined;
  readonly needsAttention?: boolean | undefined;
  readonly olderImage?: boolean | undefined;
}

/** Those that fit every part of the choice, the one used last first. */
export function chooseSessions(sessions: readonly SessionView[], choice: Choice): SessionView[] {
  return sessions
    .filter(
      (session) =>
        (choice.agent === undefined || session.agent_id === choice.agent) &&
        (choice.state === undefined || stateOf(session) === choice.state) &&
        (!choice.needsAttention || needsAttention(session)) &&
        (!choice.olderImage || session.older_image),
    )
    .sort(
      (a, b) =>
        compareText(b.last_accessed, a.last_accessed) ||
        compareText(a.agent_id, b.agent_id) ||
        compareText(a.uuid, b.uuid),
    );
}
