import type { MessagesDialog, TuiState } from '../state.ts';
import { messageLines } from './bottom-lines.ts';
import { type Line, span } from './line.ts';
import type { Page } from './page.ts';
import { STYLE } from './styles.ts';
import { clockOf } from './title-bar.ts';

const TIME_COLS = 9;

/** What was told on the bottom line, whole, with the time, the newest at the end. */
export function messagesPage({ messages, size }: TuiState, { top }: MessagesDialog): Page {
  const blocks = messages.map((message) =>
    messageLines(message, size.cols - TIME_COLS).map((line, index): Line => {
      const time = index === 0 ? ` ${clockOf(message.atMs)}` : ' '.repeat(TIME_COLS);
      return [span(time, STYLE.quiet), ...line];
    }),
  );
  const lines = messages.length === 0 ? [[span(' none yet', STYLE.quiet)]] : blocks.flat();
  return { title: 'Messages', lines, top };
}
