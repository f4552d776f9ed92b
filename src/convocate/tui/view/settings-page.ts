import { bytesText } from '../../../base/bytes-text.ts';
import { columnsOf } from '../../../base/text-columns.ts';
import { resumeCommandOf } from '../../../protocol/agent-settings.ts';
import { versionOfImageTag } from '../../../protocol/ids.ts';
import type { AgentView } from '../../../protocol/shell-socket.ts';
import { halfDeadWords } from '../../agent-trouble.ts';
import { ageOf } from '../../commands/age.ts';
import { settingsRows } from '../layout.ts';
import type { SettingsDialog, TuiState } from '../state.ts';
import { agentTable } from './agent-table.ts';
import { freeMemoryText, loadText, sessionsText } from './agent-use.ts';
import { type Line, span, textOf } from './line.ts';
import { windowFrom } from './scrolling.ts';
import type { Page } from './page.ts';
import { STYLE } from './styles.ts';
import { cutTo, fitTo, safe, wrapTo } from './text-width.ts';

const LABEL_COLS = 15;
const MARK = ' ✖ ';
/** Of an agent's words on why its settings did not come, so that all there is to do stays in sight. */
const MOST_PROBLEM_LINES = 5;

/** Versions, images and use of every agent; below them the settings of the one that the cursor is on. */
export function settingsPage(state: TuiState, dialog: SettingsDialog): Page {
  const { cluster, size, nowMs } = state;
  const { agents } = cluster;
  const title = `Settings: convocate ${safe(cluster.version)}, ${agents.length} ${agents.length === 1 ? 'agent' : 'agents'}`;
  if (agents.length === 0) {
    return {
      title,
      lines: [
        [],
        [span(' no agent is registered: '), span('convocate-host init-agent --host HOST', STYLE.accent)],
      ],
      top: 0,
    };
  }
  const rows = settingsRows(size);
  const from = windowFrom(dialog.top, agents.length, rows);
  const columns = [
    { head: 'VERSION', textOf: ({ version }: AgentView) => safe(version) || '-' },
    { head: 'IMAGE', textOf: imageOf },
    { head: 'RUNNING', textOf: (agent: AgentView) => sessionsText(agent, cluster) },
    { head: 'LOAD', textOf: loadText },
    { head: 'FREE MEMORY', textOf: freeMemoryText },
    { head: 'SESSIONS USE', textOf: sliceText },
  ];
  const seen = agents.slice(from, from + rows);
  const table = agentTable(agents, seen, columns, dialog.selected, size.cols - 2, nowMs);
  const selected = agents.find(({ agent_id }) => agent_id === dialog.selected);
  const body = [table.head, ...table.rows].map((line) => [span(' '), ...line]);
  const gap: Line[] = agents.length < rows ? [[]] : [];
  const details = selected ? detailLines(selected, state, dialog) : [];
  return { title, lines: [...body, ...gap, ...details], top: 0 };
}

function imageOf({ image_tag }: AgentView): string {
  return safe(versionOfImageTag(image_tag) ?? image_tag) || '-';
}

function sliceText({ slice }: AgentView): string {
  if (!slice || slice.memory_bytes === null) return '-';
  const most = slice.memory_max_bytes === null ? '' : ` of ${bytesText(slice.memory_max_bytes)}`;
  return `${bytesText(slice.memory_bytes)}${most}`;
}

function detailLines(agent: AgentView, state: TuiState, dialog: SettingsDialog): readonly Line[] {
  const { nowMs, size } = state;
  const own = dialog.settings.get(agent.agent_id);
  const who: Line = [
    span(` ${safe(agent.host)} (${agent.agent_id})`, STYLE.heading),
    span(`  ${agent.up ? 'up' : 'down'} for ${ageOf(agent.since, nowMs)}`, STYLE.quiet),
  ];
  const heading = [...who, ...troubleSpans(agent, nowMs, size.cols - columnsOf(textOf(who)))];
  if (!own) return [heading, ...missingLines(agent, state, dialog)];
  const facts: readonly (readonly [string, string])[] = [
    ['command', own.session_command],
    ['to resume', resumeCommandOf(own)],
    ['program', own.session_program || 'none'],
    ['most processes', String(own.pids_limit)],
    ['share ~/.ssh', own.share_ssh ? 'yes' : 'no'],
    ['profile', own.profile],
  ];
  return [
    heading,
    ...facts.map(([label, text]) => [span(` ${fitTo(label, LABEL_COLS)} `, STYLE.quiet), span(safe(text))]),
  ];
}

/** Why there are no settings of this agent: what stands in the way of asking, or how that went. */
function missingLines(
  { agent_id, up }: AgentView,
  { cluster, size }: TuiState,
  { asking, problems }: SettingsDialog,
): readonly Line[] {
  if (cluster.connection !== 'live')
    return [[span(' cannot be asked without the status service', STYLE.quiet)]];
  if (!up) return [[span(' cannot be asked while it is down', STYLE.quiet)]];
  const problem = problems.get(agent_id);
  if (problem === undefined) return asking.has(agent_id) ? [[span(' asking …', STYLE.quiet)]] : [];
  const words = wrapTo(safe(problem), size.cols - MARK.length - 1, MOST_PROBLEM_LINES);
  return [
    ...words.map((text, index) => [
      span(`${index === 0 ? MARK : ' '.repeat(MARK.length)}${text}`, STYLE.failed),
    ]),
    [span(' Enter asks again', STYLE.quiet)],
  ];
}

function troubleSpans(agent: AgentView, nowMs: number, cols: number): Line {
  const words = halfDeadWords(agent, nowMs);
  return words === undefined ? [] : [span(cutTo(`, ${words}`, cols), STYLE.failed)];
}
