import { askSettings, forgetProblem } from './ask-settings.ts';
import { movedIndex } from './cursor.ts';
import type { Key } from './events.ts';
import { settingsForm } from './forms.ts';
import { whyCutOff } from './gate.ts';
import { commandOf } from './key-table.ts';
import { scrolledTo, settingsRows } from './layout.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import type { SettingsDialog, TuiState } from './state.ts';

/** (S)ettings: every agent that is up is asked for its own; they come in one by one. */
export function openSettings(state: TuiState): Next {
  const { agents } = state.cluster;
  const dialog: SettingsDialog = {
    kind: 'settings',
    selected: agents[0]?.agent_id,
    top: 0,
    settings: new Map(),
    asking: new Set(),
    problems: new Map(),
  };
  const cutOff = whyCutOff(state, 'settings');
  if (cutOff !== undefined) return next(hint(withDialog(state, dialog), cutOff));
  return askSettings(
    state,
    dialog,
    agents.filter(({ up }) => up),
  );
}

export function openSettingsAt(state: TuiState, agentId: string): TuiState {
  const { dialog } = state;
  return dialog?.kind === 'settings' ? withDialog(state, { ...dialog, selected: agentId }) : state;
}

export function settingsKey(state: TuiState, dialog: SettingsDialog, key: Key): Next {
  const command = commandOf('settings', key);
  if (command === undefined) return next(state);
  if (command === 'back') return next(withDialog(state, undefined));
  if (command === 'open') return next(openForm(state, dialog));
  const { agents } = state.cluster;
  const index = agents.findIndex(({ agent_id }) => agent_id === dialog.selected);
  const moved = agents[movedIndex(index, command, agents.length, settingsRows(state.size))];
  if (!moved || moved.agent_id === dialog.selected) return next(state);
  // Whoever comes back to an agent that did not answer wants to know how it is now.
  return next(withDialog(state, { ...forgetProblem(dialog, moved.agent_id), selected: moved.agent_id }));
}

/** The cursor of the settings stays on an agent that is there, and in sight. */
export function followSettings(state: TuiState): TuiState {
  const { dialog, cluster, size } = state;
  if (dialog?.kind !== 'settings') return state;
  const { agents } = cluster;
  const index = Math.max(
    0,
    agents.findIndex(({ agent_id }) => agent_id === dialog.selected),
  );
  const selected = agents[index]?.agent_id;
  const top = scrolledTo(index, dialog.top, agents.length, settingsRows(size));
  if (selected === dialog.selected && top === dialog.top) return state;
  return withDialog(state, { ...dialog, selected, top });
}

function openForm(state: TuiState, dialog: SettingsDialog): TuiState {
  const agent = state.cluster.agents.find(({ agent_id }) => agent_id === dialog.selected);
  if (!agent) return hint(state, 'settings: no agent is registered');
  const { agent_id: id, host, up, problem = 'it does not answer' } = agent;
  const settings = dialog.settings.get(id);
  if (settings) return withDialog(state, settingsForm(agent, settings));
  const cutOff = whyCutOff(state, 'settings');
  if (cutOff !== undefined) return hint(state, cutOff);
  if (!up) return hint(state, `settings of ${host}: it is down: ${problem}`);
  if (dialog.asking.has(id)) return hint(state, `settings of ${host}: they have not come yet`);
  return hint(withDialog(state, forgetProblem(dialog, id)), `settings of ${host}: asking again`, 'news');
}
