import { columnsOf } from '../../../base/text-columns.ts';
import type { SessionView } from '../../../protocol/shell-socket.ts';
import type { Size } from '../../own-device.ts';
import { SMALLEST, type TuiState } from '../state.ts';
import { wayOut } from '../way-out.ts';
import { type Line, type Style, span } from './line.ts';
import { STYLE } from './styles.ts';
import { cutTo, safe, wrapTo } from './text-width.ts';

/** Of a long filter the beginning says enough; the whole of it is where it is typed. */
const MOST_FILTER_COLS = 60;

type Words = readonly (readonly [text: string, style: Style])[];

/** Why there is no row, and what to do about it; centred in `area`. Undefined where there are rows. */
export function emptyList(
  state: TuiState,
  rows: readonly SessionView[],
  area: Size,
): readonly Line[] | undefined {
  if (rows.length > 0) return undefined;
  return centred(reason(state), area);
}

/** All that a window says that is too small for the list, with the keys that still count. */
export function tooSmall({ size, dialog }: TuiState): readonly Line[] {
  const need = `${SMALLEST.cols}×${SMALLEST.rows}`;
  return centred(
    [
      [`this window is ${size.cols}×${size.rows}`, STYLE.strong],
      [`convocate needs ${need}`, STYLE.quiet],
      [wayOut(dialog), STYLE.quiet],
    ],
    size,
  );
}

function reason({ cluster, list, dialog }: TuiState): Words {
  if (cluster.connection === 'connecting') {
    return [
      ['connecting to the status service …', STYLE.strong],
      ...(cluster.problem ? ([[safe(cluster.problem), STYLE.failed]] as const) : []),
    ];
  }
  if (cluster.agents.length === 0) {
    return [
      ['no agent is registered yet', STYLE.strong],
      ['add one from this shell host:', STYLE.quiet],
      ['convocate-host init-agent --host HOST', STYLE.accent],
    ];
  }
  if (cluster.sessions.size === 0) {
    return [
      ['no session yet', STYLE.strong],
      ['N makes the first one', STYLE.quiet],
    ];
  }
  const agent = cluster.agents.find(({ agent_id }) => agent_id === list.agent)?.host;
  const filters = [
    ...(list.filter === '' ? [] : [`has “${cutTo(safe(list.filter), MOST_FILTER_COLS)}” in it`]),
    ...(agent === undefined ? [] : [`is on ${safe(agent)}`]),
    ...(list.onlyAttention ? ['needs anyone'] : []),
    ...(list.onlyOlderImage ? ['is on an older image'] : []),
  ];
  return [
    [`none of ${cluster.sessions.size} sessions ${filters.join(' and ')}`, STYLE.strong],
    [wayBack(dialog, filters.length), STYLE.quiet],
  ];
}

/** What Escape does about it: it takes back one filter at a time, and from one being typed it goes back to the one before. */
function wayBack(dialog: TuiState['dialog'], filters: number): string {
  if (dialog?.kind === 'filter') return 'Esc brings back the filter before';
  return filters > 1 ? 'Esc takes back one filter' : 'Esc shows all';
}

function centred(words: Words, { cols, rows }: Size): readonly Line[] {
  const lines = words.flatMap(([text, style]) =>
    wrapTo(text, Math.max(1, cols - 2)).map((part) => ({ text: cutTo(part, cols), style })),
  );
  const top = Math.max(0, Math.floor((rows - lines.length) / 2));
  return Array.from({ length: rows }, (_, index) => {
    const line = lines[index - top];
    if (!line) return [];
    const indent = Math.max(0, Math.floor((cols - columnsOf(line.text)) / 2));
    return [span(' '.repeat(indent)), span(line.text, line.style)];
  });
}
