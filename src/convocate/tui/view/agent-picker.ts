import type { AgentPicker, TuiState } from '../state.ts';
import { agentTable } from './agent-table.ts';
import { cpusText, freeMemoryText, loadText, sessionsText } from './agent-use.ts';
import type { DialogBox } from './box.ts';
import { span } from './line.ts';
import { STYLE } from './styles.ts';
import { windowAround } from './scrolling.ts';

/** Where to make a session: who has room, and who cannot be asked. */
export function agentPicker(
  state: TuiState,
  { selected }: AgentPicker,
  cols: number,
  mostRows: number,
): DialogBox {
  const { cluster, nowMs } = state;
  const { agents } = cluster;
  const title = 'New session: on which agent?';
  if (agents.length === 0) {
    const lines = [
      [span('no agent is registered')],
      [span('convocate-host init-agent --host HOST', STYLE.accent)],
    ];
    return { title, lines };
  }
  const columns = [
    { head: 'LOAD', textOf: loadText },
    { head: 'FREE MEMORY', textOf: freeMemoryText },
    { head: 'CPUS', textOf: cpusText },
    { head: 'RUNNING', textOf: (agent: (typeof agents)[number]) => sessionsText(agent, cluster) },
  ];
  const at = agents.findIndex(({ agent_id }) => agent_id === selected);
  const from = windowAround(at, agents.length, mostRows - 1);
  const seen = agents.slice(from, from + mostRows - 1);
  const { head, rows } = agentTable(agents, seen, columns, selected, cols, nowMs);
  return { title, lines: [head, ...rows], cols };
}
