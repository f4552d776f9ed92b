import { areColumnsExact } from '../../../base/text-columns.ts';
import type { LogDialog, TuiState } from '../state.ts';
import { type Line, span } from './line.ts';
import type { Page } from './page.ts';
import { nameText } from './session-texts.ts';
import { styledLines } from './styled-text.ts';
import { STYLE } from './styles.ts';
import { safe, wrapTo } from './text-width.ts';
import { wrapLine } from './wrap-line.ts';

/** Stands before what goes on from the line above. */
const GOES_ON = span('…', STYLE.quiet);
const MARGIN = span(' ');

/** What the session's container printed, the newest at the end; a long line takes several. */
export function logPage(
  { size }: Pick<TuiState, 'size'>,
  { target, lines, truncated, problem, top }: LogDialog,
): Page {
  const older = truncated ? ' (older lines are left out)' : '';
  const title = `Log of ${nameText(target)} on ${safe(target.host)}${older}`;
  const cols = Math.max(1, size.cols - MARGIN.text.length);
  return {
    title,
    lines: problem === undefined ? contentOf(lines, cols) : problemLines(problem, cols),
    top,
  };
}

function problemLines(problem: string, cols: number): readonly Line[] {
  return wrapTo(safe(problem), cols).map((part) => [MARGIN, span(part, STYLE.failed)]);
}

/** As it was laid out last: a key that scrolls, and the frame behind it, must not lay out a whole log anew. */
const laidOut = new WeakMap<readonly string[], { readonly cols: number; readonly lines: readonly Line[] }>();

function contentOf(log: readonly string[] | undefined, cols: number): readonly Line[] {
  if (!log) return [[span(' asking …', STYLE.quiet)]];
  if (log.length === 0) return [[span(' it has printed nothing', STYLE.quiet)]];
  const known = laidOut.get(log);
  if (known?.cols === cols) return known.lines;
  const lines = styledLines(log.join('\n')).flatMap((line) =>
    wrapLine(line, cols).map((part, index): Line => [index === 0 ? MARGIN : GOES_ON, ...part]),
  );
  if (areColumnsExact()) laidOut.set(log, { cols, lines });
  return lines;
}
