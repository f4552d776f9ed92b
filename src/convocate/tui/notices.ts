import { MAX_MESSAGES, type Message, type TuiState } from './state.ts';

const NOTICE_MS = 8_000;

/** Told and kept: something happened. */
export function tell(state: TuiState, kind: Message['kind'], text: string): TuiState {
  return tellAll(state, [{ atMs: state.nowMs, kind, text }]);
}

/** Several that came together: all are kept, the last one is told, and that there are more. */
export function tellAll(state: TuiState, messages: readonly Message[]): TuiState {
  const last = messages.at(-1);
  if (!last) return state;
  const more = messages.length - 1;
  const notice = more === 0 ? last : { ...last, text: `${last.text} (and ${more} more: (M)essages)` };
  return { ...messages.reduce(remember, state), notice };
}

/** Told, not kept: nothing happened, as when a key does not fit. */
export function hint(state: TuiState, text: string, kind: Message['kind'] = 'refused'): TuiState {
  return { ...state, notice: { atMs: state.nowMs, kind, text } };
}

/** Kept, not told on the notice line, because it is told elsewhere. */
export function remember(state: TuiState, message: Message): TuiState {
  return { ...state, messages: [...state.messages, message].slice(-MAX_MESSAGES) };
}

/** Without the notice, where it has stood long enough. */
export function expireNotice(state: TuiState): TuiState {
  const { notice, nowMs } = state;
  return notice && nowMs - notice.atMs >= NOTICE_MS ? withoutNotice(state) : state;
}

export function withoutNotice(state: TuiState): TuiState {
  return state.notice ? { ...state, notice: undefined } : state;
}
