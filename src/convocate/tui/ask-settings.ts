import type { AgentSettings } from '../../protocol/agent-settings.ts';
import type { AgentView } from '../../protocol/shell-socket.ts';
import type { Effect } from './events.ts';
import { type Next, next, withDialog } from './next.ts';
import type { SettingsDialog, TuiState } from './state.ts';

/** Asks these agents for their settings, which come in one by one. */
export function askSettings(state: TuiState, dialog: SettingsDialog, agents: readonly AgentView[]): Next {
  const asking = new Set([...dialog.asking, ...agents.map(({ agent_id }) => agent_id)]);
  const calls = agents.map(({ agent_id: agentId, host }): Effect => {
    return { kind: 'call', call: { agentId, host, op: 'settings-get', params: null } };
  });
  return next(withDialog(state, { ...dialog, asking }), ...calls);
}

/**
 * Asks the agent under the cursor, where nothing came from it and nothing is on its way: it may have been down when the
 * page was opened, or the service lost. What failed waits for the operator, or until it is no longer as it was.
 */
export function askSelected(state: TuiState): Next {
  const { dialog, cluster } = state;
  if (dialog?.kind !== 'settings') return next(state);
  const now = forgetOutdated(state, dialog);
  const agent = cluster.agents.find(({ agent_id }) => agent_id === now.selected);
  const known = agent && [now.settings, now.asking, now.problems].some((some) => some.has(agent.agent_id));
  if (!agent?.up || known || cluster.connection !== 'live') return next(withDialog(state, now));
  return askSettings(state, now, [agent]);
}

/** An agent's settings have come. */
export function keepSettings(state: TuiState, agentId: string, settings: AgentSettings): TuiState {
  const { dialog } = state;
  if (dialog?.kind !== 'settings') return state;
  const kept = { ...answered(dialog, agentId), settings: new Map(dialog.settings).set(agentId, settings) };
  return withDialog(state, kept);
}

/** They have not, and why. */
export function keepSettingsProblem(state: TuiState, agentId: string, problem: string): TuiState {
  const { dialog } = state;
  if (dialog?.kind !== 'settings') return state;
  const kept = answered(dialog, agentId);
  return withDialog(state, { ...kept, problems: new Map(kept.problems).set(agentId, problem) });
}

/** What failed is as if it had never been asked. */
export function forgetProblem(dialog: SettingsDialog, agentId: string | undefined): SettingsDialog {
  return { ...dialog, problems: new Map([...dialog.problems].filter(([id]) => id !== agentId)) };
}

function answered(dialog: SettingsDialog, agentId: string): SettingsDialog {
  const asking = new Set([...dialog.asking].filter((id) => id !== agentId));
  return { ...forgetProblem(dialog, agentId), asking };
}

/** An agent that is down, or behind a service that is lost, may answer when it is back, whatever it did before. */
function forgetOutdated({ cluster }: TuiState, dialog: SettingsDialog): SettingsDialog {
  if (dialog.problems.size === 0) return dialog;
  const up = new Set(cluster.agents.flatMap((agent) => (agent.up ? [agent.agent_id] : [])));
  const lasting = [...dialog.problems].filter(([id]) => cluster.connection === 'live' && up.has(id));
  return { ...dialog, problems: new Map(lasting) };
}
