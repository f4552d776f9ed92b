import type { AgentView } from '../../../protocol/shell-socket.ts';
import { ageOf } from '../../commands/age.ts';
import { MOST_TROUBLE } from '../layout.ts';
import type { TuiState } from '../state.ts';
import { agentsInTrouble } from '../trouble.ts';
import { type Line, span } from './line.ts';
import { STYLE } from './styles.ts';
import { cutTo, safe } from './text-width.ts';

/** A line for each agent that cannot be asked, and past the third one for all the others. */
export function troubleLines({ cluster, size, nowMs }: TuiState): readonly Line[] {
  const agents = agentsInTrouble(cluster);
  const more = agents.length - MOST_TROUBLE;
  const lines = agents.slice(0, MOST_TROUBLE).map((agent) => troubleText(agent, nowMs));
  if (more > 0) lines.push(` ✖ and ${more} more ${more === 1 ? 'agent' : 'agents'}: (S)ettings shows all`);
  return lines.map((text) => [span(cutTo(text, size.cols), STYLE.failed)]);
}

function troubleText({ host, up, since, problem }: AgentView, nowMs: number): string {
  const why = problem ? `: ${safe(problem)}` : '';
  const what = up
    ? 'does not answer; its sessions are shown as last seen'
    : `down for ${ageOf(since, nowMs)}${why}`;
  return ` ✖ ${safe(host)} ${what}`;
}
