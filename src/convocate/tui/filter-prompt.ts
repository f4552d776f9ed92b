import { moveCursor } from './cursor.ts';
import type { Key } from './events.ts';
import { commandOf } from './key-table.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import type { FilterPrompt, TuiState } from './state.ts';
import { TOO_LONG, type TypedText, editText, insertText } from './text-edit.ts';

export function openFilter(state: TuiState): TuiState {
  const { filter } = state.list;
  return withDialog(state, { kind: 'filter', cursor: filter.length, before: filter });
}

/** Keys of the filter line. The list follows every letter, and its cursor still moves. */
export function filterKey(state: TuiState, prompt: FilterPrompt, key: Key): Next {
  const command = commandOf('filter', key);
  const text = { value: state.list.filter, cursor: prompt.cursor };
  switch (command) {
    case 'keep':
      return next(withDialog(state, undefined));
    case 'back':
      return next(withDialog(withFilter(state, prompt.before), undefined));
    case 'up':
    case 'down':
    case 'pageUp':
    case 'pageDown':
      return next(moveCursor(state, command));
    default: {
      const edited = editText(text, command) ?? (key.name === 'text' ? insertText(text, key.text) : text);
      return next(edited ? typed(state, prompt, edited) : hint(state, TOO_LONG));
    }
  }
}

function typed(state: TuiState, prompt: FilterPrompt, { value, cursor }: TypedText): TuiState {
  return withDialog(withFilter(state, value), { ...prompt, cursor });
}

function withFilter(state: TuiState, filter: string): TuiState {
  return { ...state, list: { ...state.list, filter } };
}
