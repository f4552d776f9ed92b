import { followPicker, pickerKey } from './agent-picker.ts';
import { onAnswer } from './answers.ts';
import { askSelected } from './ask-settings.ts';
import { onCluster } from './cluster-news.ts';
import { confirmKey } from './confirm-keys.ts';
import { followCursor, noteSlide } from './cursor.ts';
import type { Key, TuiEvent } from './events.ts';
import { filterKey } from './filter-prompt.ts';
import { formKey } from './form-keys.ts';
import { commandOf } from './key-table.ts';
import { isTooSmall } from './layout.ts';
import { listKey } from './list-keys.ts';
import { type Next, andThen, next } from './next.ts';
import { expireNotice, hint, withoutNotice } from './notices.ts';
import { pageKey } from './pages.ts';
import { followPreview, keepScreen } from './preview.ts';
import { followSettings, settingsKey } from './settings-keys.ts';
import type { TuiState } from './state.ts';
import { cameBack, tellStrayKeys } from './waiting-news.ts';
import { leadsOut, wayOut } from './way-out.ts';

/**
 * What follows from an event: the whole of what the terminal UI does, without clock or chance. First the event itself,
 * then what depends on it wherever it came from: cursors that follow what they are on, and the settings and the preview
 * that follow a cursor.
 */
export function step(state: TuiState, event: TuiEvent): Next {
  const after = onEvent('atMs' in event ? { ...state, nowMs: event.atMs } : state, event);
  const followed = andThen(after, (now) => {
    const moved = noteSlide(state, followCursor(now), event);
    return askSelected(followSettings(followPicker(moved)));
  });
  return andThen(followed, followPreview);
}

function onEvent(state: TuiState, event: TuiEvent): Next {
  switch (event.kind) {
    case 'key':
      return onKey(withoutNotice(state), event.key);
    case 'size':
      return next({ ...state, size: event.size });
    case 'tick':
      return next(expireNotice(state));
    case 'cluster':
      return onCluster(state, event);
    case 'answer':
      return onAnswer(state, event);
    case 'screen':
      return next(keepScreen(state, event));
    case 'back':
      return cameBack(state, event);
    case 'stray keys':
      return next(tellStrayKeys(state));
  }
}

/** A key goes to what lies on top; where the window is too small to show that, nothing is done unseen. */
function onKey(state: TuiState, key: Key): Next {
  const { dialog, size } = state;
  if (commandOf('anywhere', key) === 'interrupt') return next(hint(state, wayOut(dialog), 'news'));
  if (isTooSmall(size) && !leadsOut(dialog, key)) return next(state);
  switch (dialog?.kind) {
    case undefined:
      return listKey(state, key);
    case 'confirm':
      return confirmKey(state, dialog, key);
    case 'form':
      return formKey(state, dialog, key);
    case 'pick agent':
      return pickerKey(state, dialog, key);
    case 'filter':
      return filterKey(state, dialog, key);
    case 'settings':
      return settingsKey(state, dialog, key);
    case 'help':
    case 'log':
    case 'messages':
      return pageKey(state, dialog, key);
  }
}
