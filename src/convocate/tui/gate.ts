import { ALLOWED, type SessionAction, type SessionState, stateOf } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { nameOf, nameOnHost } from './session-words.ts';
import { type TuiState, keyOf } from './state.ts';
import type { Target } from './target.ts';

/** What attaching has to wait for; a clone, which may take long, is not among it. */
const NO_TERMINAL_MEANWHILE = new Set(['killing', 'deleting', 'restarting']);

/**
 * Why `action` cannot be done to `target` as things stand, in a sentence with the way out; undefined where it can.
 * Every effect on a session passes here. What a state allows is the contract's word alone ({@link ALLOWED}).
 */
export function whyNot(state: TuiState, action: SessionAction, target: Target): string | undefined {
  const lost = whyCutOff(state, action);
  if (lost !== undefined) return lost;
  const session = sessionOf(state, target);
  if (!session) return `${action}: ${nameOnHost(target)} is gone`;
  const doing = state.underWay.get(keyOf(session));
  // Agents of earlier releases tell a session as locked while it is copied; that lock is our own.
  const forbidden = whyForbidden(action, doing === 'cloning' ? { ...session, locked: false } : session);
  if (forbidden !== undefined) return forbidden;
  if (doing === undefined || (action === 'attach' && !NO_TERMINAL_MEANWHILE.has(doing))) return undefined;
  return `${action}: ${doing} ${nameOf(session)} is under way; wait until it is done`;
}

/** Why nothing can be asked of any agent just now; `what` was wanted. */
export function whyCutOff({ cluster }: TuiState, what: string): string | undefined {
  if (cluster.connection === 'live') return undefined;
  if (cluster.connection === 'connecting') return `${what}: the status service has not answered yet`;
  const reason = cluster.problem ? ` (${cluster.problem})` : '';
  return `${what}: the connection to the status service is lost${reason}; nothing can be changed until it is back`;
}

/**
 * Why the state that a session is in forbids `action`, and what leads out of it; undefined where it does not. `what` is
 * the operator's word for the action.
 */
export function whyForbidden(
  action: SessionAction,
  session: SessionView,
  what: string = action,
): string | undefined {
  const state = stateOf(session);
  if (ALLOWED[state][action]) return undefined;
  return `${what}: ${nameOf(session)} ${STANDING[state](session)}`;
}

export function sessionOf({ cluster }: TuiState, target: Target): SessionView | undefined {
  return cluster.sessions.get(keyOf({ agent_id: target.agentId, uuid: target.uuid }));
}

const STANDING: Record<SessionState, (session: SessionView) => string> = {
  stopped: () => 'is stopped; Enter starts it',
  running: () => 'is running; (K)ill it first',
  connected: () => 'is running; (K)ill it first',
  locked: () => 'is locked: a change is under way or was cut off; (O)verride clears a lock left behind',
  damaged: ({ damaged, host }) => `is damaged: ${damaged}; mend it on ${host}, or (D)elete it`,
  orphan: () => 'is only a home that no metadata belongs to; (C)lone it to use it, or (D)elete it',
};
