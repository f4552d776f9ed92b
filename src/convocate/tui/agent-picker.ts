import type { AgentView } from '../../protocol/shell-socket.ts';
import { type Move, movedIndex, selectedSession } from './cursor.ts';
import type { Key } from './events.ts';
import { newForm } from './forms.ts';
import { whyCutOff } from './gate.ts';
import { commandOf } from './key-table.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import type { AgentPicker, TuiState } from './state.ts';

/** (N)ew: where there is a choice of agents it is asked first. */
export function openPicker(state: TuiState): Next {
  const lost = whyCutOff(state, 'new');
  if (lost !== undefined) return next(hint(state, lost));
  const { agents } = state.cluster;
  if (agents.length === 0) {
    const command = 'convocate-host init-agent --host HOST';
    return next(hint(state, `new: no agent is registered; run ${command} first`));
  }
  const up = agentsUp(state);
  if (up.length === 0) return next(hint(state, `new: no agent is up; ${whyDown(agents)}`));
  const [only] = agents;
  if (agents.length === 1 && only) return next(withDialog(state, newForm(only)));
  return next(withDialog(state, { kind: 'pick agent', selected: likelyAgent(state, up) }));
}

/** Keys of the choice of an agent: only those that are up can be had. */
export function pickerKey(state: TuiState, picker: AgentPicker, key: Key): Next {
  const command = commandOf('agents', key);
  const up = agentsUp(state);
  const index = up.findIndex(({ agent_id }) => agent_id === picker.selected);
  if (command === undefined) return next(state);
  if (command === 'back') return next(withDialog(state, undefined));
  if (command === 'choose') {
    const chosen = up[index];
    return next(chosen ? withDialog(state, newForm(chosen)) : hint(state, 'new: no agent is up'));
  }
  return next(withDialog(state, { ...picker, selected: agentAt(up, index, command) }));
}

/** The cursor of the choice stays on an agent that is up. */
export function followPicker(state: TuiState): TuiState {
  const { dialog } = state;
  if (dialog?.kind !== 'pick agent') return state;
  const up = agentsUp(state);
  if (up.some(({ agent_id }) => agent_id === dialog.selected)) return state;
  const selected = up[0]?.agent_id;
  return selected === dialog.selected ? state : withDialog(state, { ...dialog, selected });
}

function agentsUp({ cluster }: TuiState): readonly AgentView[] {
  return cluster.agents.filter(({ up }) => up);
}

function agentAt(agents: readonly AgentView[], index: number, move: Move): string | undefined {
  return agents[movedIndex(index, move, agents.length, agents.length)]?.agent_id;
}

/** The agent that the list is filtered for, or else that of the session under the cursor, or else the first. */
function likelyAgent(state: TuiState, up: readonly AgentView[]): string | undefined {
  const wanted = [state.list.agent, selectedSession(state)?.agent_id];
  return (wanted.find((id) => up.some(({ agent_id }) => agent_id === id)) ?? up[0]?.agent_id) || undefined;
}

function whyDown(agents: readonly AgentView[]): string {
  const [first] = agents;
  return first ? `${first.host}: ${first.problem ?? 'it does not answer'}` : '';
}
