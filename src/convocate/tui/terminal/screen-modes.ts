const CSI = '\u001b[';

/**
 * The UI's own screen: the alternate one, without cursor, lines that do not run over into the next, and pasted text marked
 * as such. What is left behind is as it was.
 */
export const ENTER_SCREEN = ['?1049h', '?25l', '?7l', '?2004h', '0m', '2J']
  .map((mode) => CSI + mode)
  .join('');
export const LEAVE_SCREEN = ['0m', '?2004l', '?7h', '?25h', '?1049l'].map((mode) => CSI + mode).join('');

/** A bell, and a notice where the terminal can show one (OSC 9). `text` holds no control characters. */
export function noticeSequence(text: string): string {
  return `\u0007\u001b]9;${text}\u0007`;
}
