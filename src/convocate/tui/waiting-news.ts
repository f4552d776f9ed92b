import type { SessionView } from '../../protocol/shell-socket.ts';
import type { Effect, TuiEvent } from './events.ts';
import { type Next, next } from './next.ts';
import { hint, tellAll } from './notices.ts';
import { nameOnHost } from './session-words.ts';
import { type TuiState, keyOf } from './state.ts';

/** A line has room for few of what may be hundreds; `!` shows them all. */
const MOST_NAMED = 3;

export function waits({ running, activity }: SessionView): boolean {
  return running && activity?.state === 'waiting';
}

export function waitingWords(session: SessionView): string {
  const detail = session.activity?.detail;
  return `${nameOnHost(session)} waits for someone${detail ? `: ${detail}` : ''}`;
}

/** One bell, however many start to wait at once. */
export function bell(waiting: readonly SessionView[]): readonly Effect[] {
  const [only] = waiting;
  if (!only) return [];
  const names = listed(waiting.map(nameOnHost), ', ');
  const text =
    waiting.length === 1 ? waitingWords(only) : `${waiting.length} sessions wait for someone: ${names}`;
  return [{ kind: 'notify', text, sessions: waiting.map(keyOf) }];
}

/**
 * Back from a session's terminal: how that ended, and who started to wait meanwhile and still does. In the notice line, which
 * has room for one message only; each of the missed ones is among the messages already.
 */
export function cameBack(
  before: TuiState,
  { message, missed = [] }: Extract<TuiEvent, { kind: 'back' }>,
): Next {
  const state = { ...before, away: false };
  const waiting = missed.flatMap((key) => state.cluster.sessions.get(key) ?? []).filter(waits);
  if (waiting.length === 0) return next(tellAll(state, [message]));
  const text = `${message.text}. Meanwhile: ${listed(waiting.map(waitingWords), '; ')}`;
  return next(tellAll(state, [{ ...message, text }]), ...bell(waiting));
}

/** In front of why the session was left: a line has room for little, and that one is among the messages. */
export function tellStrayKeys(state: TuiState): TuiState {
  const words = 'what was typed on was dropped';
  const { notice } = state;
  if (!notice) return hint(state, words, 'news');
  return { ...state, notice: { ...notice, text: `${words}; ${notice.text}` } };
}

function listed(words: readonly string[], separator: string): string {
  const more = words.length - MOST_NAMED;
  return [...words.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}
