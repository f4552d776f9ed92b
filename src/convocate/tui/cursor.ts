import type { SessionView } from '../../protocol/shell-socket.ts';
import { isTooSmall, listRows, scrolledTo } from './layout.ts';
import { hint } from './notices.ts';
import { indexOfKey, rowsOf } from './rows.ts';
import type { TuiEvent } from './events.ts';
import { nameOf, nameOnHost } from './session-words.ts';
import { type Slide, type TuiState, keyOf } from './state.ts';

/** From a change that can be seen to a key that was pressed in its knowledge. */
const SLIDE_MS = 500;

export type Move = 'up' | 'down' | 'pageUp' | 'pageDown' | 'home' | 'end';

/** The session that the cursor is on. */
export function selectedSession(state: TuiState): SessionView | undefined {
  const { selected } = state.list;
  return selected === undefined ? undefined : state.cluster.sessions.get(selected);
}

/** Moved by the operator; whatever the cursor waited for, it waits no more. */
export function moveCursor(state: TuiState, move: Move): TuiState {
  const rows = rowsOf(state.cluster, state.list);
  const index = movedIndex(state.list.selectedIndex, move, rows.length, listRows(state));
  const row = rows[index];
  if (!row) return state;
  return {
    ...state,
    awaited: undefined,
    list: { ...state.list, selected: keyOf(row), selectedIndex: index },
  };
}

/** Where `move` leads from `index` among `count` things of which `page` are seen at once. */
export function movedIndex(index: number, move: Move, count: number, page: number): number {
  const to = {
    up: index - 1,
    down: index + 1,
    pageUp: index - page,
    pageDown: index + page,
    home: 0,
    end: count - 1,
  }[move];
  return Math.max(0, Math.min(count - 1, to));
}

/**
 * After whatever happened: the cursor is on its session still, wherever that went; where it went for good, on the row
 * that has its place now; and always in sight, with as little scrolling as can be.
 */
export function followCursor(state: TuiState): TuiState {
  const arrived = followAwaited(state);
  const { cluster, list } = arrived;
  const rows = rowsOf(cluster, list);
  const index = placeOf(rows, list);
  const row = rows[index];
  const selected = row && keyOf(row);
  const selectedIndex = row ? index : list.selectedIndex;
  const top = scrolledTo(index, list.top, rows.length, listRows(arrived));
  if (selected === list.selected && selectedIndex === list.selectedIndex && top === list.top) return arrived;
  return { ...arrived, list: { ...list, selected, selectedIndex, top } };
}

/** What `event` did to the cursor between `before` and `after`, where that was nothing that a key asked for. */
export function noteSlide(before: TuiState, after: TuiState, event: TuiEvent): TuiState {
  const slide = slideAfter(before, after, event);
  return slide === after.slide ? after : { ...after, slide };
}

function slideAfter(before: TuiState, after: TuiState, event: TuiEvent): Slide | undefined {
  const { slide, nowMs } = after;
  const from = event.kind === 'cluster' ? leftBy(before, after) : undefined;
  if (from) return { atMs: nowMs, from: nameOf(from) };
  if (slide && !canBeSeen(before)) return { ...slide, atMs: nowMs };
  return isFresh(after) ? slide : undefined;
}

/** The session that the cursor was on, where it is on another one now, or on none. */
function leftBy(before: TuiState, after: TuiState): SessionView | undefined {
  const { selected } = after.list;
  if (selected === before.list.selected) return undefined;
  if (selected !== undefined && selected === before.awaited) return undefined;
  return selectedSession(before);
}

/** Whether the row that the cursor is on is before the operator's eyes; where there is none, the next one is not. */
function canBeSeen({ away, dialog, list, size }: TuiState): boolean {
  const isCovered = dialog !== undefined && dialog.kind !== 'filter';
  return !away && !isCovered && !isTooSmall(size) && list.selected !== undefined;
}

/** A clock that was set back makes nothing last. */
function isFresh({ slide, nowMs }: TuiState): boolean {
  return slide !== undefined && nowMs >= slide.atMs && nowMs - slide.atMs < SLIDE_MS;
}

/** Why keys that are about a session do nothing just now: nobody can have seen yet which one they would hit. */
export function whyTooSoon(state: TuiState): string | undefined {
  const session = selectedSession(state);
  if (!state.slide || !session || !isFresh(state)) return undefined;
  return `${state.slide.from} left this list, and ${nameOnHost(session)} has just come under the cursor`;
}

/** Index of the row that the cursor belongs on; -1 where there is no row. */
function placeOf(rows: readonly SessionView[], { selected, selectedIndex }: TuiState['list']): number {
  const here = rows[selectedIndex];
  if (here && keyOf(here) === selected) return selectedIndex;
  const index = indexOfKey(rows, selected);
  return index === -1 ? Math.min(selectedIndex, rows.length - 1) : index;
}

/** To the session that was made from here, once the picture shows it. */
function followAwaited(state: TuiState): TuiState {
  const { awaited, cluster, list } = state;
  const session = awaited === undefined ? undefined : cluster.sessions.get(awaited);
  if (!session) return state;
  const arrived = { ...state, awaited: undefined };
  if (indexOfKey(rowsOf(cluster, list), awaited) !== -1)
    return { ...arrived, list: { ...list, selected: awaited } };
  return hint(arrived, `${nameOnHost(session)} is there; a filter leaves it out (Esc takes it back)`, 'news');
}
