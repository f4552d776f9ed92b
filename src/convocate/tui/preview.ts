import type { SessionView } from '../../protocol/shell-socket.ts';
import { selectedSession } from './cursor.ts';
import type { TuiEvent } from './events.ts';
import { whyForbidden } from './gate.ts';
import { hasPreview } from './layout.ts';
import { type Next, next } from './next.ts';
import { type Dialog, type TuiState, keyOf } from './state.ts';
import { targetOf } from './target.ts';

/** A question and the filter leave the preview in sight: what is about to be killed had better be seen. */
const LEAVES_PREVIEW: ReadonlySet<Dialog['kind'] | undefined> = new Set([undefined, 'confirm', 'filter']);

/** Asks for the screen of the session that the preview is about now, where that is another one than before. */
export function followPreview(state: TuiState): Next {
  const session = shownSession(state);
  const key = session && keyOf(session);
  if (key === state.preview?.key) return next(state);
  const preview = key === undefined ? undefined : { key };
  return next({ ...state, preview }, { kind: 'preview', target: session && targetOf(session) });
}

/** A screen came; one of a session that is no longer looked at is dropped. */
export function keepScreen(
  state: TuiState,
  { key, screen, problem }: Extract<TuiEvent, { kind: 'screen' }>,
): TuiState {
  return state.preview?.key === key ? { ...state, preview: { key, screen, problem } } : state;
}

function shownSession(state: TuiState): SessionView | undefined {
  if (!hasPreview(state.size) || !LEAVES_PREVIEW.has(state.dialog?.kind)) return undefined;
  const session = selectedSession(state);
  return session && whyForbidden('screen', session) === undefined ? session : undefined;
}
