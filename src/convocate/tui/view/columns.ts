import { areColumnsExact, columnsOf } from '../../../base/text-columns.ts';
import type { SessionView } from '../../../protocol/shell-socket.ts';
import { LEAST_LIST_COLS, WHOLE_LIST_COLS } from '../layout.ts';
import { agentText, dnsText, imageText, markedNameText, portText } from './session-texts.ts';

export type ColumnId =
  | 'state'
  | 'name'
  | 'activity'
  | 'agent'
  | 'image'
  | 'port'
  | 'dns'
  | 'memory'
  | 'cpu'
  | 'uuid'
  | 'age';

export interface Column {
  readonly id: ColumnId;
  readonly head: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

interface Rule {
  readonly head: string;
  readonly align?: 'right';
  readonly min: number;
  readonly max: number;
  /** What decides the width between the two; without it, the column is always as wide as `min`. */
  readonly textOf?: (session: SessionView) => string;
}

const RULES: Record<ColumnId, Rule> = {
  state: { head: 'S', min: 5, max: 5 },
  name: { head: 'NAME', min: 10, max: 40, textOf: markedNameText },
  activity: { head: 'ACTIVITY', min: 10, max: 10 },
  agent: { head: 'AGENT', min: 6, max: 16, textOf: agentText },
  image: { head: 'IMAGE', min: 6, max: 18, textOf: imageText },
  port: { head: 'PORT', min: 4, max: 9, textOf: portText },
  dns: { head: 'DNS', min: 8, max: 28, textOf: dnsText },
  memory: { head: 'MEM', align: 'right', min: 7, max: 7 },
  cpu: { head: 'CPU', align: 'right', min: 4, max: 4 },
  uuid: { head: 'UUID', min: 8, max: 8 },
  age: { head: 'AGE', align: 'right', min: 4, max: 4 },
};

/** As they stand in a row. */
const ORDER: readonly ColumnId[] = [
  'state',
  'name',
  'activity',
  'agent',
  'image',
  'port',
  'dns',
  'memory',
  'cpu',
  'uuid',
  'age',
];

/**
 * From which width of the list on a column is there. By the window alone and never by the content, so that no column
 * comes and goes while someone reads.
 */
const FROM_COLS: Record<ColumnId, number> = {
  state: 0,
  name: 0,
  activity: 0,
  age: 32,
  agent: 50,
  image: 60,
  port: LEAST_LIST_COLS,
  uuid: 84,
  memory: 99,
  cpu: 99,
  dns: WHOLE_LIST_COLS,
};
const WHOLE_UUID = { from: 150, width: 36 };
/** How far columns give way where the content is wider than the window: in this order, each down to its width here. */
const YIELDING: readonly (readonly [id: ColumnId, width: number])[] = [
  ['name', 24],
  ['dns', 8],
  ['image', 10],
  ['agent', 10],
  ['name', 16],
  ['image', 6],
  ['agent', 6],
  ['port', 4],
  ['name', 10],
];
/** Between two columns, and free at both ends of a row. */
export const GAP = 2;
export const EDGE = 1;

const widthsOfRows = new WeakMap<readonly SessionView[], ReadonlyMap<ColumnId, number>>();

/** The columns of a list that is `cols` wide. They follow from all of `rows`, not from those in sight. */
export function columnsFor(cols: number, rows: readonly SessionView[]): readonly Column[] {
  const wanted = wantedWidths(rows);
  const columns = ORDER.filter((id) => cols >= FROM_COLS[id]).map((id): Column => {
    const { head, align = 'left' } = RULES[id];
    const width = id === 'uuid' && cols >= WHOLE_UUID.from ? WHOLE_UUID.width : (wanted.get(id) ?? 0);
    return { id, head, width, align };
  });
  const spare =
    cols - 2 * EDGE - GAP * (columns.length - 1) - columns.reduce((sum, { width }) => sum + width, 0);
  return spare >= 0 ? grown(columns, spare) : shrunk(columns, -spare);
}

function wantedWidths(rows: readonly SessionView[]): ReadonlyMap<ColumnId, number> {
  const known = widthsOfRows.get(rows);
  if (known) return known;
  const widths = new Map<ColumnId, number>();
  for (const id of ORDER) {
    const { min, max, textOf } = RULES[id];
    const widest = textOf ? rows.reduce((most, row) => Math.max(most, columnsOf(textOf(row))), min) : min;
    widths.set(id, Math.min(max, widest));
  }
  if (areColumnsExact()) widthsOfRows.set(rows, widths);
  return widths;
}

/** What is left over goes to the name, so that the last column ends at the edge. */
function grown(columns: readonly Column[], spare: number): readonly Column[] {
  return columns.map((column) =>
    column.id === 'name' ? { ...column, width: column.width + spare } : column,
  );
}

function shrunk(columns: readonly Column[], excess: number): readonly Column[] {
  const widths = new Map(columns.map(({ id, width }) => [id, width]));
  let left = excess;
  for (const [id, least] of YIELDING) {
    const width = widths.get(id);
    if (width === undefined) continue;
    const given = Math.max(0, Math.min(left, width - least));
    widths.set(id, width - given);
    left -= given;
  }
  return columns.map((column) => ({ ...column, width: widths.get(column.id) ?? column.width }));
}
