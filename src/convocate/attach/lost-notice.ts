import { columnsOf } from '../../base/text-columns.ts';
import { printable } from '../commands/printable.ts';
import type { Size } from '../own-device.ts';

const ESC = '\u001b';
const SAVE = `${ESC}7`;
const RESTORE = `${ESC}8`;

/**
 * One line in reverse video on the bottom row that says what is going on; the cursor stays where it was. Cut where the
 * terminal is too narrow.
 */
export function lostNotice(name: string, lostForMs: number, { cols, rows }: Size): string {
  const seconds = Math.floor(lostForMs / 1000);
  const tail = `lost, trying again · ${seconds} s · Ctrl-B D leaves`;
  const text = ` connection to ${printable(name)} ${tail} `;
  // Of a long name on a narrow terminal the end goes: what to do matters more.
  const shown = columnsOf(text) <= cols ? text : ` ${tail} `.slice(0, cols);
  return `${SAVE}${ESC}[${rows};1H${ESC}[0;7m${shown}${ESC}[0m${ESC}[K${RESTORE}`;
}

/** Takes the notice away; what it covered is drawn anew by the session's tmux. */
export function withoutNotice({ rows }: Size): string {
  return `${SAVE}${ESC}[${rows};1H${ESC}[0m${ESC}[2K${RESTORE}`;
}
