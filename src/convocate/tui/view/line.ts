/**
 * What is drawn, as data: a line is spans one after the other, a span is text in one style. Text in a span is safe to
 * print and holds neither tabs nor line ends.
 */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

/** 0 to 255 of the terminal's palette, of which it chooses the first 16 itself; or `#rrggbb`. */
export type Color = number | string;

export interface Style {
  readonly color?: Color | undefined;
  readonly background?: Color | undefined;
  readonly bold?: boolean | undefined;
  readonly dim?: boolean | undefined;
  readonly italic?: boolean | undefined;
  readonly underline?: boolean | undefined;
  readonly inverse?: boolean | undefined;
  readonly strike?: boolean | undefined;
}

/** How to draw on this terminal. */
export interface Look {
  /** False where `NO_COLOR` is set: then weight and reversed video alone tell things apart. */
  readonly color: boolean;
}

export function span(text: string, style: Style = {}): Span {
  return { text, style };
}

/** The text alone, as a person reads it. */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** All of it in one style, as the row is that the cursor is on. */
export function restyled(line: Line, style: Style): Line {
  return line.map(({ text }) => ({ text, style }));
}

/** Without colour: only what stays readable on any terminal and paper is left. */
export function plain(line: Line): Line {
  return line.map(({ text, style: { bold, inverse } }) => ({ text, style: { bold, inverse } }));
}
