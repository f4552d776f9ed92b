import { columnsOf } from '../../../base/text-columns.ts';
import type { Size } from '../../own-device.ts';
import { type Line, span } from './line.ts';
import { fitLine, tailOfLine, widthOfLine } from './line-width.ts';
import { STYLE } from './styles.ts';
import { cutTo } from './text-width.ts';

/** What a dialog says, before it is framed. */
export interface DialogBox {
  readonly title: string;
  readonly lines: readonly Line[];
  /** How wide its content is; by default as wide as the lines are. */
  readonly cols?: number;
  /** It takes something away for ever. */
  readonly alarm?: boolean;
}

/** Inside a box, left and right of its content. */
const PADDING = 1;
const FRAME = 2 * (PADDING + 1);
const MOST_COLS = 72;
const LEAST_COLS = 30;

/** How wide the content of a box may be in this window. */
export function boxRoom({ cols }: Size): number {
  return Math.min(MOST_COLS, cols - 2) - FRAME;
}

/** How many lines a box may hold between its borders; the two lines at the bottom stay in sight. */
export function boxRows({ rows }: Size): number {
  return rows - 4;
}

/** Lays the dialog in the middle of `lines`; what is left in sight of them steps back. */
export function overlaid(lines: readonly Line[], dialog: DialogBox, size: Size): readonly Line[] {
  const room = boxRoom(size);
  const widest = Math.max(columnsOf(dialog.title) + 2, ...dialog.lines.map(widthOfLine));
  const inner = Math.min(room, dialog.cols ?? Math.max(widest, LEAST_COLS));
  const box = framed(dialog, inner, boxRows(size));
  const left = Math.max(0, Math.floor((size.cols - inner - FRAME) / 2));
  const top = Math.max(0, Math.floor((lines.length - box.length) / 2));
  return lines.map((line, row) => {
    const inside = box[row - top];
    const under = receding(line);
    if (!inside) return under;
    return [...fitLine(under, left), ...inside, ...tailOfLine(under, left + inner + FRAME)];
  });
}

function framed({ title, lines, alarm }: DialogBox, cols: number, mostRows: number): readonly Line[] {
  const border = alarm ? STYLE.failed : STYLE.border;
  const outer = cols + FRAME;
  const name = cutTo(title, outer - 6);
  const rule = '─'.repeat(Math.max(0, outer - columnsOf(name) - 5));
  return [
    [span('╭─ ', border), span(name, { ...border, bold: true }), span(` ${rule}╮`, border)],
    ...lines
      .slice(0, mostRows)
      .map((line) => [span('│ ', border), ...fitLine(line, cols), span(' │', border)]),
    [span(`╰${'─'.repeat(outer - 2)}╯`, border)],
  ];
}

function receding(line: Line): Line {
  return line.map(({ text, style }) => ({ text, style: { dim: true, inverse: style.inverse } }));
}
