import type { Color, Line, Style } from '../view/line.ts';

const CSI = '\u001b[';
const RESET = `${CSI}0m`;

/** A line as the terminal takes it; it begins and ends in the plain style. */
export function encodeLine(line: Line): string {
  let written = '';
  let current = '';
  for (const { text, style } of line) {
    if (text === '') continue;
    const wanted = sgrOf(style);
    // Each style is said from the plain one on: whatever was before, it looks the same.
    if (wanted !== current) written += wanted === '' ? RESET : `${CSI}0;${wanted}m`;
    current = wanted;
    written += text;
  }
  return current === '' ? written : written + RESET;
}

const FLAGS: readonly (readonly [
  name: 'bold' | 'dim' | 'italic' | 'underline' | 'inverse' | 'strike',
  code: string,
])[] = [
  ['bold', '1'],
  ['dim', '2'],
  ['italic', '3'],
  ['underline', '4'],
  ['inverse', '7'],
  ['strike', '9'],
];

/** The parameters of the one sequence that sets `style`; empty for the plain one. */
function sgrOf(style: Style): string {
  const codes = FLAGS.filter(([name]) => style[name]).map(([, code]) => code);
  if (style.color !== undefined) codes.push(colorCodes(style.color, 30));
  if (style.background !== undefined) codes.push(colorCodes(style.background, 40));
  return codes.join(';');
}

/** `base` is 30 for the text and 40 for what is behind it. */
function colorCodes(color: Color, base: number): string {
  if (typeof color === 'string') {
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
    return `${base + 8};2;${red};${green};${blue}`;
  }
  if (color < 8) return String(base + color);
  return color < 16 ? String(base + 60 + color - 8) : `${base + 8};5;${color}`;
}
