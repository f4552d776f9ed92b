import type { Key } from './events.ts';
import { sessionOf } from './gate.ts';
import { commandOf } from './key-table.ts';
import { type Next, next, withDialog } from './next.ts';
import { operate } from './operate.ts';
import type { Confirmation, TuiState } from './state.ts';
import { GONE_WARNING, warningsOf } from './warnings.ts';

/** Keys of a question. Only a plain yes does anything, and only to what the question was about when it was asked. */
export function confirmKey(state: TuiState, dialog: Confirmation, key: Key): Next {
  const closed = withDialog(state, undefined);
  switch (commandOf('question', key)) {
    case 'yes':
      return operate(closed, dialog.op, dialog.target);
    case 'choose':
      return dialog.yes ? operate(closed, dialog.op, dialog.target) : next(closed);
    case 'no':
    case 'back':
      return next(closed);
    case 'other':
      return next(withDialog(state, { ...dialog, yes: !dialog.yes }));
    default:
      return next(state);
  }
}

/** The same question with what is to be known now: work may have begun since it was asked. Its target stays. */
export function renewWarnings(state: TuiState): TuiState {
  const { dialog } = state;
  if (dialog?.kind !== 'confirm') return state;
  const session = sessionOf(state, dialog.target);
  const warnings = session ? warningsOf(dialog.op, session, state.nowMs) : [GONE_WARNING];
  if (warnings.join('\n') === dialog.warnings.join('\n')) return state;
  return withDialog(state, { ...dialog, warnings });
}
