import type { Style } from './line.ts';

/** Of the terminal's own palette, so that they fit whatever theme the operator has. */
const RED = 1;
const GREEN = 2;
const YELLOW = 3;
const BLUE = 4;
const MAGENTA = 5;
const CYAN = 6;

/**
 * Every style there is. One accent; all other colours mean something, and nothing is told by colour alone.
 */
export const STYLE = {
  plain: {},
  quiet: { dim: true },
  strong: { bold: true },
  accent: { color: CYAN },
  title: { color: CYAN, bold: true },
  /** The row the cursor is on. */
  cursor: { color: CYAN, inverse: true },
  key: { color: CYAN, bold: true },
  head: { dim: true },
  border: { color: CYAN },
  heading: { color: CYAN, bold: true },

  waiting: { color: YELLOW, bold: true },
  older: { color: YELLOW },
  working: { color: GREEN },
  failed: { color: RED },
  alarm: { color: RED, bold: true },
  locked: { color: MAGENTA },
  orphan: { color: BLUE },
  stale: { dim: true },
  done: { color: GREEN },
} as const satisfies Record<string, Style>;
