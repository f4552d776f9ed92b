import type { Effect, Step } from './events.ts';
import type { Dialog, TuiState } from './state.ts';

/** What follows from an event: the state from now on, and what is to be done. */
export type Next = Step<TuiState>;

export function next(state: TuiState, ...effects: readonly Effect[]): Next {
  return { state, effects };
}

/** The same with `change` made to the state, and its effects behind those there are. */
export function andThen({ state, effects }: Next, change: (state: TuiState) => Next): Next {
  const after = change(state);
  return { state: after.state, effects: [...effects, ...after.effects] };
}

export function withDialog(state: TuiState, dialog: Dialog | undefined): TuiState {
  return { ...state, dialog };
}
