import { pageRows } from '../layout.ts';
import type { TuiState } from '../state.ts';
import { type Line, span } from './line.ts';
import { spread } from './line-width.ts';
import { windowFrom } from './scrolling.ts';
import { STYLE } from './styles.ts';
import { cutTo } from './text-width.ts';

/** Lines that take the whole window above the two at the bottom. */
export interface Page {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Index of the first line seen; undefined for the end. */
  readonly top: number | undefined;
}

/** The title with the place in the whole, and the lines that are seen of it. */
export function pageLines({ size }: TuiState, { title, lines, top }: Page): readonly Line[] {
  const rows = pageRows(size);
  const from = windowFrom(top, lines.length, rows);
  const last = Math.min(lines.length, from + rows);
  const place = lines.length > rows ? `${from + 1}–${last} of ${lines.length} ` : '';
  const room = size.cols - place.length - 2;
  const head = spread([span(` ${cutTo(title, room)}`, STYLE.title)], [span(place, STYLE.quiet)], size.cols);
  return [head, ...Array.from({ length: rows }, (_, index) => lines[from + index] ?? [])];
}
