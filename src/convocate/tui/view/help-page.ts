import { columnsOf } from '../../../base/text-columns.ts';
import { HELP_LINES, type HelpLine } from '../help-lines.ts';
import type { HelpDialog } from '../state.ts';
import { type Line, span } from './line.ts';
import type { Page } from './page.ts';
import { STYLE } from './styles.ts';
import { fitTo } from './text-width.ts';

const KEY_COLS = Math.max(...HELP_LINES.map((line) => (line.kind === 'key' ? columnsOf(line.shown) : 0)));

export function helpPage({ top }: HelpDialog): Page {
  return { title: 'Help', lines: HELP_LINES.map(helpLine), top };
}

function helpLine(line: HelpLine): Line {
  switch (line.kind) {
    case 'gap':
      return [];
    case 'heading':
      return [span(` ${line.text}`, STYLE.heading)];
    case 'key':
      return [span(`   ${fitTo(line.shown, KEY_COLS)}`, STYLE.key), span(`  ${line.does}`)];
  }
}
