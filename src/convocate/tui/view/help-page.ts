import { columnsOf } from '../../../base/text-columns.ts';
import { HELP_LINES, type HelpLine } from '../help-lines.ts';
import type { Size } from '../../own-device.ts';
import type { HelpDialog } from '../state.ts';
import { type Line, span } from './line.ts';
import type { Page } from './page.ts';
import { STYLE } from './styles.ts';
import { fitTo, wrapTo } from './text-width.ts';

const KEY_COLS = Math.max(...HELP_LINES.map((line) => (line.kind === 'key' ? columnsOf(line.shown) : 0)));

const INDENT = '   ';
const GAP = '  ';

/** In a narrow window what a key does takes several lines, so that no word of it is lost. */
export function helpPage({ cols }: Size, { top }: HelpDialog): Page {
  return { title: 'Help', lines: HELP_LINES.flatMap((line) => linesOf(line, cols)), top };
}

function linesOf(line: HelpLine, cols: number): readonly Line[] {
  switch (line.kind) {
    case 'gap':
      return [[]];
    case 'heading':
      return [[span(` ${line.text}`, STYLE.heading)]];
    case 'key':
    case 'mark':
      return wrapTo(line.does, cols - INDENT.length - KEY_COLS - GAP.length).map((part, index) => [
        span(`${INDENT}${fitTo(index === 0 ? line.shown : '', KEY_COLS)}`, STYLE.key),
        span(`${GAP}${part}`),
      ]);
  }
}
