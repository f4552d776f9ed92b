import type { AgentView } from '../../../protocol/shell-socket.ts';
import { halfDeadWords } from '../../agent-trouble.ts';
import { MOST_TROUBLE } from '../layout.ts';
import type { TuiState } from '../state.ts';
import { agentsInTrouble } from '../trouble.ts';
import { downWords } from './agent-use.ts';
import { type Line, span } from './line.ts';
import { STYLE } from './styles.ts';
import { cutTo, safe } from './text-width.ts';

/** A line for each agent that cannot be asked or is half dead, and past the third one for all the others. */
export function troubleLines(state: TuiState): readonly Line[] {
  const { size, nowMs } = state;
  const agents = agentsInTrouble(state);
  const more = agents.length - MOST_TROUBLE;
  const lines = agents.slice(0, MOST_TROUBLE).map((agent) => troubleText(agent, nowMs));
  if (more > 0) lines.push(` ✖ and ${more} more ${more === 1 ? 'agent' : 'agents'}: (S)ettings shows all`);
  return lines.map((text) => [span(cutTo(text, size.cols), STYLE.failed)]);
}

function troubleText(agent: AgentView, nowMs: number): string {
  const host = safe(agent.host);
  if (!agent.up) return ` ✖ ${host} ${downWords(agent, nowMs)}`;
  const words = halfDeadWords(agent, nowMs);
  if (words !== undefined) return ` ✖ ${host}: ${words}`;
  return ` ✖ ${host} does not answer; its sessions are shown as last seen`;
}
