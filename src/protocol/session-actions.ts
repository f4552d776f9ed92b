/** Which action is allowed in which state of a session; the agent and every client read this one table. */

export type SessionState = 'stopped' | 'running' | 'connected' | 'locked' | 'damaged' | 'orphan';
export type SessionAction =
  | 'attach'
  | 'kill'
  | 'restart'
  | 'edit'
  | 'clone'
  | 'delete'
  | 'background'
  | 'override'
  | 'send'
  | 'screen';

export const ALLOWED: Record<SessionState, Record<SessionAction, boolean>> = {
  stopped: {
    attach: true,
    kill: true,
    restart: true,
    edit: true,
    clone: true,
    delete: true,
    background: true,
    override: true,
    send: false,
    screen: false,
  },
  running: {
    attach: true,
    kill: true,
    restart: false,
    edit: true,
    clone: true,
    delete: true,
    background: true,
    override: true,
    send: true,
    screen: true,
  },
  connected: {
    attach: true,
    kill: true,
    restart: false,
    edit: true,
    clone: true,
    delete: true,
    background: true,
    override: true,
    send: true,
    screen: true,
  },
  locked: {
    attach: false,
    kill: false,
    restart: false,
    edit: false,
    clone: false,
    delete: false,
    background: true,
    override: true,
    send: false,
    screen: true,
  },
  damaged: {
    attach: false,
    kill: true,
    restart: false,
    edit: false,
    clone: false,
    delete: true,
    background: true,
    override: true,
    send: false,
    screen: true,
  },
  orphan: {
    attach: false,
    kill: false,
    restart: false,
    edit: false,
    clone: true,
    delete: true,
    background: false,
    override: false,
    send: false,
    screen: false,
  },
};

export function stateOf(session: {
  running: boolean;
  attached: number;
  locked: boolean;
  damaged?: string | undefined;
  orphan?: boolean | undefined;
}): SessionState {
  if (session.orphan) return 'orphan';
  if (session.damaged) return 'damaged';
  if (session.locked) return 'locked';
  if (!session.running) return 'stopped';
  return session.attached > 0 ? 'connected' : 'running';
}

/** The letter a list shows for a state, as the system before this one had it. */
export const STATE_LETTER: Record<SessionState, string> = {
  stopped: '-',
  running: 'R',
  connected: 'C',
  locked: 'L',
  damaged: '!',
  orphan: 'O',
};
