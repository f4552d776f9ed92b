import type { SessionAction } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import { LOG_LINES } from './pages.ts';
import { selectedSession, whyTooSoon } from './cursor.ts';
import { cloneForm, editForm } from './forms.ts';
import { whyForbidden, whyNot } from './gate.ts';
import type { Command } from './key-table.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import { operate } from './operate.ts';
import type { ConfirmedOp, TuiState } from './state.ts';
import { targetOf } from './target.ts';
import { warningsOf } from './warnings.ts';

/** The keys of the list that are about the session under the cursor. */
export type SessionCommand = Extract<Command<'list'>, SessionAction | 'view' | 'log'>;

export function onSessionCommand(state: TuiState, command: SessionCommand): Next {
  const session = selectedSession(state);
  if (!session) return next(hint(state, `${command}: there is no session here`));
  const tooSoon = whyTooSoon(state);
  if (tooSoon !== undefined) return next(hint(state, `${command}: ${tooSoon}`));
  return ON_SESSION[command](state, session);
}

type OnSession = (state: TuiState, session: SessionView) => Next;

const ON_SESSION: Record<SessionCommand, OnSession> = {
  attach: whereAllowed('attach', (state, session) => attach(state, session, false)),
  view: whereAllowed('attach', (state, session) => {
    const why = whyForbidden('screen', session, 'view');
    return why === undefined ? attach(state, session, true) : next(hint(state, why));
  }),
  kill: confirmed('kill'),
  delete: confirmed('delete'),
  override: confirmed('override'),
  background: (state, session) =>
    session.attached > 0
      ? confirmed('background')(state, session)
      : operate(state, 'background', targetOf(session)),
  restart: (state, session) => operate(state, 'restart', targetOf(session)),
  edit: whereAllowed('edit', (state, session) => next(withDialog(state, editForm(session)))),
  clone: whereAllowed('clone', (state, session) => next(withDialog(state, cloneForm(session)))),
  log: openLog,
};

function whereAllowed(action: SessionAction, then: OnSession): OnSession {
  return (state, session) => {
    const why = whyNot(state, action, targetOf(session));
    return why === undefined ? then(state, session) : next(hint(state, why));
  };
}

/** The question before it is done; what it is about is settled now, whatever the list does meanwhile. */
function confirmed(op: ConfirmedOp): OnSession {
  return whereAllowed(op, (state, session) =>
    next(
      withDialog(state, {
        kind: 'confirm',
        op,
        target: targetOf(session),
        warnings: warningsOf(op, session, state.nowMs),
        yes: false,
      }),
    ),
  );
}

function attach(state: TuiState, session: SessionView, readOnly: boolean): Next {
  return next({ ...state, away: true }, { kind: 'attach', target: targetOf(session), readOnly });
}

function openLog(state: TuiState, session: SessionView): Next {
  const target = targetOf(session);
  const { agentId, host, uuid } = target;
  const params = { id: uuid, tail: LOG_LINES };
  const dialog = { kind: 'log', target, lines: undefined, truncated: false, top: undefined } as const;
  return next(withDialog(state, dialog), {
    kind: 'call',
    call: { agentId, host, op: 'logs', params, target },
  });
}
