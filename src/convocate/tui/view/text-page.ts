import type { HelpDialog, LogDialog, MessagesDialog, TuiState } from '../state.ts';
import { helpPage } from './help-page.ts';
import { logPage } from './log-page.ts';
import { messagesPage } from './messages-page.ts';
import type { Page } from './page.ts';

/** A page of text as it is drawn: keys that scroll it count these very lines. */
export function textPage(state: TuiState, dialog: HelpDialog | LogDialog | MessagesDialog): Page {
  switch (dialog.kind) {
    case 'help':
      return helpPage(state.size, dialog);
    case 'log':
      return logPage(state, dialog);
    case 'messages':
      return messagesPage(state, dialog);
  }
}
