import type { LogDialog } from '../state.ts';
import { type Line, span } from './line.ts';
import type { Page } from './page.ts';
import { nameText } from './session-texts.ts';
import { styledLines } from './styled-text.ts';
import { STYLE } from './styles.ts';
import { safe } from './text-width.ts';

/** What the session's container printed, the newest at the end. */
export function logPage({ target, lines, truncated, problem, top }: LogDialog): Page {
  const older = truncated ? ' (older lines are left out)' : '';
  const title = `Log of ${nameText(target)} on ${safe(target.host)}${older}`;
  return {
    title,
    lines: problem === undefined ? contentOf(lines) : [[span(` ${safe(problem)}`, STYLE.failed)]],
    top,
  };
}

const read = new WeakMap<readonly string[], readonly Line[]>();

function contentOf(lines: readonly string[] | undefined): readonly Line[] {
  if (!lines) return [[span(' asking …', STYLE.quiet)]];
  if (lines.length === 0) return [[span(' it has printed nothing', STYLE.quiet)]];
  const known = read.get(lines) ?? styledLines(lines.join('\n')).map((line) => [span(' '), ...line]);
  read.set(lines, known);
  return known;
}
