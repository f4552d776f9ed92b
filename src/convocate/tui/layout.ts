import { agentsInTrouble } from './trouble.ts';
import type { Size } from '../own-device.ts';
import { PREVIEW_COLS, SMALLEST, type TuiState } from './state.ts';

/**
 * How the window is divided, from top to bottom: title, agents in trouble, head of the list, list, bottom. Both what a
 * page key moves by and what is drawn rest on it.
 */
export interface Layout {
  /** How many rows of the list are seen at once; at least 1. */
  readonly listRows: number;
  /** Columns on the right for the preview, its border among them; 0 where there is none. */
  readonly previewCols: number;
}

/** So many agents in trouble have a line of their own; past them there is one for the rest together. */
export const MOST_TROUBLE = 3;

const TITLE_ROWS = 1;
const HEAD_ROWS = 1;
/** One line for the notice or the filter, one for the keys; always there, so that the list never moves for them. */
const BOTTOM_ROWS = 2;
/** From this width on the list has all that a window of 80 columns shows; beside a preview it is never narrower. */
export const LEAST_LIST_COLS = 74;
/** From this width on it has every column: until then a wider window is wider for the list. */
export const WHOLE_LIST_COLS = 108;
const LEAST_PREVIEW_COLS = PREVIEW_COLS - LEAST_LIST_COLS;
/** The part of a very wide window that the preview has, and the most it makes use of. */
const PREVIEW_SHARE = 0.45;
const MOST_PREVIEW_COLS = 100;
/** In the settings, the lines below the agents that tell of the selected one. */
const SETTINGS_DETAIL_ROWS = 8;

export function layoutOf(state: Pick<TuiState, 'size' | 'cluster' | 'nowMs'>): Layout {
  const { size } = state;
  const troubleRows = Math.min(agentsInTrouble(state).length, MOST_TROUBLE + 1);
  return {
    listRows: Math.max(1, size.rows - TITLE_ROWS - troubleRows - HEAD_ROWS - BOTTOM_ROWS),
    previewCols: hasPreview(size) ? previewCols(size.cols) : 0,
  };
}

function previewCols(cols: number): number {
  const share = Math.min(MOST_PREVIEW_COLS, Math.floor(cols * PREVIEW_SHARE));
  return Math.max(LEAST_PREVIEW_COLS, Math.min(share, cols - WHOLE_LIST_COLS));
}

/** How many rows of the list are seen at once. */
export function listRows(state: Pick<TuiState, 'size' | 'cluster' | 'nowMs'>): number {
  return layoutOf(state).listRows;
}

/** Lines of text on a page that takes the whole window (help, log, messages): below its head, above the bottom. */
export function pageRows(size: Size): number {
  return Math.max(1, size.rows - TITLE_ROWS - BOTTOM_ROWS);
}

/** Agents seen at once in the settings, one line each, above the lines that tell of the selected one. */
export function settingsRows(size: Size): number {
  return Math.max(1, pageRows(size) - SETTINGS_DETAIL_ROWS);
}

/** Nothing but that can be said in it. */
export function isTooSmall({ cols, rows }: Size): boolean {
  return cols < SMALLEST.cols || rows < SMALLEST.rows;
}

export function hasPreview(size: Size): boolean {
  return size.cols >= PREVIEW_COLS;
}

/** The first line to show, so that line `index` of `total` is seen, moved from `top` by as little as can be. */
export function scrolledTo(index: number, top: number, total: number, rows: number): number {
  const least = Math.max(0, index - rows + 1);
  const most = Math.max(0, Math.min(index, total - rows));
  return Math.max(least, Math.min(top, most));
}
