import { columnsOf } from '../../../base/text-columns.ts';
import { shortKeys } from '../help-lines.ts';
import type { Place } from '../key-table.ts';
import { indexOfKey, rowsOf } from '../rows.ts';
import type { Dialog, FilterPrompt, Message, TuiState } from '../state.ts';
import { editedText } from './edited-text.ts';
import { type Line, type Style, span } from './line.ts';
import { headOfLine, spread, widthOfLine } from './line-width.ts';
import { STYLE } from './styles.ts';
import { cutTo, safe, wrapTo } from './text-width.ts';

/** The two lines at the bottom: what was told last or is being typed, and the keys that count just now. */
export function bottomLines(state: TuiState): readonly [Line, Line] {
  const { dialog, notice, size } = state;
  if (dialog?.kind !== 'filter') return [noticeLine(state), keyLine(placeOf(dialog), size.cols)];
  // The filter has the place of the notice, which then has that of the keys.
  return [filterLine(state, dialog), notice ? messageLine(notice, size.cols) : keyLine('filter', size.cols)];
}

const MARK: Record<Message['kind'], readonly [glyph: string, style: Style]> = {
  done: ['✔', STYLE.done],
  refused: ['✖', STYLE.waiting],
  failed: ['✖', STYLE.alarm],
  news: ['•', STYLE.accent],
};

const MARK_COLS = 3;

/** A message with the glyph of its kind, whole, on as many lines as it takes. */
export function messageLines({ kind, text }: Message, cols: number): readonly Line[] {
  const [glyph, style] = MARK[kind];
  return wrapTo(safe(text), Math.max(1, cols - MARK_COLS)).map((part, index) => [
    span(index === 0 ? ` ${glyph} ` : ' '.repeat(MARK_COLS), style),
    span(part, style),
  ]);
}

function messageLine({ kind, text }: Message, cols: number): Line {
  const [glyph, style] = MARK[kind];
  return [span(` ${glyph} `, style), span(cutTo(safe(text), Math.max(0, cols - MARK_COLS)), style)];
}

function noticeLine(state: TuiState): Line {
  const { dialog, notice, cluster, size } = state;
  if (notice) return messageLine(notice, size.cols);
  if (cluster.connection === 'lost' && cluster.problem) {
    return messageLine({ kind: 'failed', text: cluster.problem, atMs: 0 }, size.cols);
  }
  return dialog === undefined || dialog.kind === 'confirm' ? choiceLine(state) : [];
}

function filterLine({ list, size }: TuiState, { cursor }: FilterPrompt): Line {
  const head = span(' / ', STYLE.key);
  return [head, ...editedText(list.filter, cursor, size.cols - columnsOf(head.text) - 1, STYLE.plain)];
}

/** Where the cursor is, how the list is sorted, and what it leaves out. */
function choiceLine(state: TuiState): Line {
  const { list, cluster, size } = state;
  const rows = rowsOf(cluster, list);
  if (cluster.sessions.size === 0) return [];
  const agent = cluster.agents.find(({ agent_id }) => agent_id === list.agent)?.host;
  const filters = [
    ...(list.filter === '' ? [] : [`/ ${safe(list.filter)}`]),
    ...(agent === undefined ? [] : [`agent ${safe(agent)}`]),
    ...(list.onlyAttention ? ['! needs you'] : []),
    ...(list.onlyOlderImage ? ['older images'] : []),
  ];
  const at = rows.length === 0 ? '0' : `${indexOfKey(rows, list.selected) + 1}/${rows.length}`;
  const left: Line = [
    span(` ${at}`, STYLE.quiet),
    span(`  by ${list.sort}`, STYLE.quiet),
    ...filters.flatMap((text) => [span('  '), span(text, STYLE.waiting)]),
  ];
  return headOfLine(left, size.cols);
}

function placeOf(dialog: Dialog | undefined): Place {
  switch (dialog?.kind) {
    case undefined:
      return 'list';
    case 'confirm':
      return 'question';
    case 'pick agent':
      return 'agents';
    case 'form':
    case 'filter':
    case 'settings':
      return dialog.kind;
    case 'help':
    case 'log':
    case 'messages':
      return 'page';
  }
}

const KEY_GAP = '  ';

/** As many keys as fit, the most important first; help and the way out have their place at the end. */
function keyLine(place: Place, cols: number): Line {
  const all = shortKeys(place).map(keySpans);
  const last = place === 'list' ? keySpans('? help') : [];
  const lastCols = widthOfLine(last) + 1;
  let line: Line = [span(' ')];
  for (const key of all) {
    if (place === 'list' && key[0]?.text === '?') continue;
    const longer = [...line, ...(line.length > 1 ? [span(KEY_GAP)] : []), ...key];
    if (widthOfLine(longer) + (last.length > 0 ? KEY_GAP.length + lastCols : 0) > cols) break;
    line = longer;
  }
  return last.length > 0 ? spread(line, [...last, span(' ')], cols) : line;
}

/** `(K)ill`, `Enter attach`: the key stands out, the word does not. */
function keySpans(short: string): Line {
  const letter = /^(.*)\((.)\)(.*)$/.exec(short);
  if (letter) {
    const [, before = '', key = '', after = ''] = letter;
    return [span(before, STYLE.quiet), span(key, STYLE.key), span(after, STYLE.quiet)];
  }
  const [key = '', ...words] = short.split(' ');
  return [span(key, STYLE.key), span(` ${words.join(' ')}`, STYLE.quiet)];
}
