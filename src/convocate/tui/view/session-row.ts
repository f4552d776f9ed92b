import type { SessionView } from '../../../protocol/shell-socket.ts';
import { ageOf } from '../../commands/age.ts';
import { type Column, type ColumnId, EDGE, GAP } from './columns.ts';
import { type Line, type Style, restyled, span } from './line.ts';
import { fitLine } from './line-width.ts';
import {
  agentText,
  cpuText,
  dnsText,
  imageText,
  markedNameText,
  memoryText,
  portText,
} from './session-texts.ts';
import { activityWords, stateLetter } from './activity-words.ts';
import { STYLE } from './styles.ts';
import { fitTo } from './text-width.ts';

export interface RowContext {
  readonly columns: readonly Column[];
  readonly cols: number;
  readonly nowMs: number;
  /** The cursor is on it. */
  readonly selected: boolean;
  /** What is being done to it just now ("killing"). */
  readonly underWay: string | undefined;
}

/** One session, one line. */
export function sessionRow(session: SessionView, context: RowContext): Line {
  const cells = context.columns.flatMap((column, index) => {
    const { text, style } = cellOf(session, column, context);
    return [span(' '.repeat(index === 0 ? EDGE : GAP)), span(fitTo(text, column.width, column.align), style)];
  });
  const line = fitLine(cells, context.cols);
  if (context.selected) return restyled(line, session.stale ? { ...STYLE.cursor, dim: true } : STYLE.cursor);
  return session.stale ? restyled(line, STYLE.stale) : line;
}

/** The names of the columns above the rows. */
export function listHead(columns: readonly Column[], cols: number): Line {
  const cells = columns.map(({ head, width, align }) => fitTo(head, width, align));
  return fitLine([span(' '.repeat(EDGE) + cells.join(' '.repeat(GAP)), STYLE.head)], cols);
}

interface Cell {
  readonly text: string;
  readonly style: Style;
}

function cellOf(session: SessionView, { id, width }: Column, { nowMs, underWay }: RowContext): Cell {
  const words = activityWords(session, nowMs);
  if (id === 'state') return { text: `${words.glyph} ${stateLetter(session)}`, style: words.style };
  if (id === 'activity') {
    return underWay === undefined ? words : { text: `${underWay}…`, style: STYLE.accent };
  }
  if (id === 'name') return { text: markedNameText(session, width), style: nameStyle(words.style) };
  if (id === 'image') {
    return { text: imageText(session, width), style: session.older_image ? STYLE.older : STYLE.quiet };
  }
  return { text: TEXTS[id](session, nowMs, width), style: id === 'agent' ? STYLE.plain : STYLE.quiet };
}

/** Whoever waits is read first. */
function nameStyle(style: Style): Style {
  return style.bold ? style : STYLE.plain;
}

type PlainColumn = Exclude<ColumnId, 'state' | 'activity' | 'name' | 'image'>;

const TEXTS: Record<PlainColumn, (session: SessionView, nowMs: number, width: number) => string> = {
  agent: agentText,
  port: portText,
  dns: dnsText,
  memory: memoryText,
  cpu: cpuText,
  uuid: ({ uuid }, _, width) => uuid.slice(0, width),
  age: ({ created_at }, nowMs) => ageOf(created_at, nowMs),
};
