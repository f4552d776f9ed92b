import { areColumnsExact } from '../../../base/text-columns.ts';
import type { Message, MessagesDialog, TuiState } from '../state.ts';
import { messageLines } from './bottom-lines.ts';
import { type Line, span } from './line.ts';
import type { Page } from './page.ts';
import { STYLE } from './styles.ts';
import { clockOf } from './title-bar.ts';

const TIME_COLS = 9;

/** What was told on the bottom line, whole, with the time, the newest at the end. */
export function messagesPage({ messages, size }: TuiState, { top }: MessagesDialog): Page {
  const lines =
    messages.length === 0
      ? [[span(' none yet', STYLE.quiet)]]
      : messages.flatMap((message) => blockOf(message, size.cols));
  return { title: 'Messages', lines, top };
}

/** As they were laid out last: each key that scrolls, and each frame, asks for all of them. */
const laidOut = new WeakMap<Message, { readonly cols: number; readonly lines: readonly Line[] }>();

function blockOf(message: Message, cols: number): readonly Line[] {
  const known = laidOut.get(message);
  if (known?.cols === cols) return known.lines;
  const lines = messageLines(message, cols - TIME_COLS).map((line, index): Line => {
    const time = index === 0 ? ` ${clockOf(message.atMs)}` : ' '.repeat(TIME_COLS);
    return [span(time, STYLE.quiet), ...line];
  });
  if (areColumnsExact()) laidOut.set(message, { cols, lines });
  return lines;
}
