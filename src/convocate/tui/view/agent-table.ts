import { columnsOf } from '../../../base/text-columns.ts';
import type { AgentView } from '../../../protocol/shell-socket.ts';
import { type Line, restyled, span } from './line.ts';
import { fitLine } from './line-width.ts';
import { agentText } from './session-texts.ts';
import { STYLE } from './styles.ts';
import { fitTo } from './text-width.ts';
import { downWords } from './agent-use.ts';

export interface AgentColumn {
  readonly head: string;
  readonly textOf: (agent: AgentView) => string;
}

const GAP = '  ';

/** Agents one per line below a head; one that is down says since when and why instead of what it has. */
export function agentTable(
  agents: readonly AgentView[],
  seen: readonly AgentView[],
  columns: readonly AgentColumn[],
  selected: string | undefined,
  cols: number,
  nowMs: number,
): { readonly head: Line; readonly rows: readonly Line[] } {
  const all: readonly AgentColumn[] = [{ head: 'AGENT', textOf: agentText }, ...columns];
  const widths = fitting(
    all.map(({ head, textOf }) =>
      Math.max(columnsOf(head), ...agents.map((agent) => columnsOf(textOf(agent)))),
    ),
    cols,
  );
  const shown = all.slice(0, widths.length);
  const row = (texts: readonly string[]): string =>
    texts.map((text, index) => fitTo(text, widths[index] ?? 0)).join(GAP);
  const head = [span(row(shown.map((column) => column.head)), STYLE.head)];
  const rows = seen.map((agent) => {
    const line = agent.up
      ? [span(row(shown.map(({ textOf }) => textOf(agent))))]
      : [
          span(`${fitTo(agentText(agent), widths[0] ?? 0)}${GAP}`),
          span(`✖ ${downWords(agent, nowMs)}`, STYLE.failed),
        ];
    return agent.agent_id === selected ? restyled(fitLine(line, cols), STYLE.cursor) : fitLine(line, cols);
  });
  return { head, rows };
}

/** As many columns from the left as fit. */
function fitting(widths: readonly number[], cols: number): readonly number[] {
  const kept: number[] = [];
  let used = 0;
  for (const width of widths) {
    const needed = width + (kept.length > 0 ? GAP.length : 0);
    if (kept.length > 0 && used + needed > cols) break;
    kept.push(Math.min(width, cols));
    used += needed;
  }
  return kept;
}
