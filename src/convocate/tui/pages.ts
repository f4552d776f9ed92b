import { LIMITS } from '../../protocol/limits.ts';
import { type Move, movedIndex } from './cursor.ts';
import type { Key } from './events.ts';
import { commandOf } from './key-table.ts';
import { pageRows } from './layout.ts';
import { type Next, next, withDialog } from './next.ts';
import type { HelpDialog, LogDialog, MessagesDialog, TuiState } from './state.ts';
import { textPage } from './view/text-page.ts';

/** So many of a log's last lines are asked for: enough to read back, little enough to come at once. */
export const LOG_LINES = Math.min(2_000, LIMITS.logLines);

export type Page = HelpDialog | LogDialog | MessagesDialog;

/** Keys of a page of text that takes the whole window. */
export function pageKey(state: TuiState, page: Page, key: Key): Next {
  const command = commandOf('page', key);
  if (command === undefined) return next(state);
  if (command === 'back') return next(withDialog(state, undefined));
  return next(withDialog(state, scrolled(state, page, command)));
}

/** Index of the first line to show of a page: its end where nothing else was chosen, and never past it. */
export function pageTop(state: TuiState, page: Page): number {
  const most = Math.max(0, lineCount(state, page) - pageRows(state.size));
  return Math.min(page.top ?? most, most);
}

function scrolled(state: TuiState, page: Page, move: Move): Page {
  const rows = pageRows(state.size);
  const tops = Math.max(1, lineCount(state, page) - rows + 1);
  const top = movedIndex(pageTop(state, page), move, tops, rows);
  // Whoever is at the end stays there when more comes.
  return page.kind === 'help' || top < tops - 1 ? { ...page, top } : { ...page, top: undefined };
}

/** Lines as they are drawn: a long message is several. */
function lineCount(state: TuiState, page: Page): number {
  return textPage(state, page).lines.length;
}
