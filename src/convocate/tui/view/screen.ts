import type { SessionView } from '../../../protocol/shell-socket.ts';
import { isTooSmall, layoutOf } from '../layout.ts';
import { indexOfKey, rowsOf } from '../rows.ts';
import { type Cluster, type Dialog, type TuiState, keyOf } from '../state.ts';
import { agentPicker } from './agent-picker.ts';
import { bottomLines } from './bottom-lines.ts';
import { type DialogBox, boxRoom, boxRows, overlaid } from './box.ts';
import { columnsFor } from './columns.ts';
import { confirmDialog } from './confirm-dialog.ts';
import { emptyList, tooSmall } from './empty-states.ts';
import { formDialog } from './form-dialog.ts';
import { type Line, type Look, plain } from './line.ts';
import { fitLine, headOfLine } from './line-width.ts';
import { type Page, pageLines } from './page.ts';
import { previewPane } from './preview-pane.ts';
import { listHead, sessionRow } from './session-row.ts';
import { settingsPage } from './settings-page.ts';
import { textPage } from './text-page.ts';
import { titleBar } from './title-bar.ts';
import { troubleLines } from './trouble-lines.ts';

/** The whole screen: exactly `size.rows` lines, none wider than `size.cols`. It follows from the state alone. */
export function screenOf(state: TuiState, look: Look): readonly Line[] {
  const { cols, rows } = state.size;
  const lines = isTooSmall(state.size) ? tooSmall(state) : [...bodyOf(state), ...bottomLines(state)];
  return Array.from({ length: rows }, (_, row) => {
    const line = headOfLine(lines[row] ?? [], cols);
    return look.color ? line : plain(line);
  });
}

/** All but the two lines at the bottom. */
function bodyOf(state: TuiState): readonly Line[] {
  const page = pageOf(state, state.dialog);
  if (page) return pageLines(state, page);
  const list = listScreen(state);
  const box = boxOf(state, state.dialog);
  return box ? overlaid(list, box, state.size) : list;
}

function pageOf(state: TuiState, dialog: Dialog | undefined): Page | undefined {
  switch (dialog?.kind) {
    case 'help':
    case 'log':
    case 'messages':
      return textPage(state, dialog);
    case 'settings':
      return settingsPage(state, dialog);
    default:
      return undefined;
  }
}

function boxOf(state: TuiState, dialog: Dialog | undefined): DialogBox | undefined {
  const cols = boxRoom(state.size);
  switch (dialog?.kind) {
    case 'confirm':
      return confirmDialog(dialog, cols, boxRows(state.size));
    case 'form':
      return formDialog(dialog, cols, boxRows(state.size));
    case 'pick agent':
      return agentPicker(state, dialog, cols, boxRows(state.size));
    default:
      return undefined;
  }
}

function listScreen(state: TuiState): readonly Line[] {
  const { cluster, list, size } = state;
  const { listRows, previewCols } = layoutOf(state);
  const rows = rowsOf(cluster, list);
  const area = { cols: size.cols - previewCols, rows: listRows };
  const below = emptyList(state, rows, { ...area, rows: listRows + 1 }) ?? listLines(state, rows, area);
  if (previewCols === 0) return [titleBar(state), ...troubleLines(state), ...below];
  const selected = asKnown(rows[indexOfKey(rows, list.selected)], cluster);
  const pane = previewPane(selected, state.preview, { cols: previewCols, rows: listRows + 1 }, state.nowMs);
  const beside = below.map((line, index) => [...fitLine(line, area.cols), ...(pane[index] ?? [])]);
  return [titleBar(state), ...troubleLines(state), ...beside];
}

function listLines(
  { cluster, list, nowMs, underWay }: TuiState,
  rows: readonly SessionView[],
  area: { readonly cols: number; readonly rows: number },
): readonly Line[] {
  const { cols } = area;
  const columns = columnsFor(cols, rows);
  const seen = Array.from({ length: area.rows }, (_, index) => {
    const session = asKnown(rows[list.top + index], cluster);
    if (!session) return [];
    const key = keyOf(session);
    const selected = key === list.selected;
    return sessionRow(session, { columns, cols, nowMs, selected, underWay: underWay.get(key) });
  });
  return [listHead(columns, cols), ...seen];
}

/** Without the service nobody knows of any session how it is now. */
function asKnown(session: SessionView | undefined, { connection }: Cluster): SessionView | undefined {
  return session && connection === 'lost' ? { ...session, stale: true } : session;
}
