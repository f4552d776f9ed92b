import type { Color, Line, Span, Style } from './line.ts';
import { safe } from './text-width.ts';

/**
 * A terminal's text with its escape sequences as lines of spans. Only colours and styles (SGR) come through; every other
 * sequence is dropped and every other control character made visible, so that nothing from a session reaches the
 * operator's terminal as a command.
 */
export function styledLines(text: string): readonly Line[] {
  let style: Style = {};
  return text.split('\n').map((line) => {
    const spans: Span[] = [];
    for (const [sequence, , parameters] of line.matchAll(PARTS)) {
      if (parameters !== undefined) style = afterSgr(style, parameters);
      else if (!sequence.startsWith(ESC)) spans.push({ text: safe(sequence), style });
    }
    return spans;
  });
}

const ESC = '\u001b';
/** SGR with its parameters; any other CSI; OSC, DCS and their like up to their end; a short escape; plain text. */
const PARTS = new RegExp(
  [
    `(${ESC}\\[([\\d;:]*)m)`,
    `${ESC}\\[[0-?]*[ -/]*[@-~]?`,
    `${ESC}[\\]PX^_][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)?`,
    `${ESC}[ -/]*[0-~]?`,
    `[^${ESC}]+`,
  ].join('|'),
  'g',
);

const ON: Readonly<Record<number, Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { color: undefined },
  49: { background: undefined },
};

function afterSgr(before: Style, parameters: string): Style {
  let style = before;
  // `4:3` and `38:2::1:2:3` hold their own arguments; with semicolons the arguments come as parameters of their own.
  const queue = parameters.split(';');
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
    const [head = '', ...own] = item.split(':');
    const code = Number(head);
    if (code === 0) style = {};
    else if (code === 38 || code === 48 || code === 58) {
      const color = own.length > 0 ? colorOfColons(own) : takeColor(queue);
      if (code === 38) style = { ...style, color };
      if (code === 48) style = { ...style, background: color };
    } else if (code === 4 && own[0] === '0') style = { ...style, underline: false };
    else style = { ...style, ...(ON[code] ?? basicColor(code)) };
  }
  return style;
}

function basicColor(code: number): Style {
  if (code >= 30 && code <= 37) return { color: code - 30 };
  if (code >= 90 && code <= 97) return { color: code - 90 + 8 };
  if (code >= 40 && code <= 47) return { background: code - 40 };
  if (code >= 100 && code <= 107) return { background: code - 100 + 8 };
  return {};
}

/** `5;n` or `2;r;g;b`, taken off the front of `queue`. */
function takeColor(queue: string[]): Color | undefined {
  const kind = queue.shift();
  if (kind === '5') return byteOf(queue.shift());
  return kind === '2' ? rgbColor(queue.splice(0, 3)) : undefined;
}

/** The same with colons, where an empty field for the colour space may stand before red. */
function colorOfColons([kind, ...rest]: readonly string[]): Color | undefined {
  if (kind === '5') return byteOf(rest[0]);
  return kind === '2' ? rgbColor(rest.slice(-3)) : undefined;
}

function rgbColor(parts: readonly string[]): Color | undefined {
  const bytes = parts.map(byteOf);
  if (bytes.length !== 3 || bytes.includes(undefined)) return undefined;
  return `#${bytes.map((byte) => (byte ?? 0).toString(16).padStart(2, '0')).join('')}`;
}

function byteOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && text !== '' && value >= 0 && value <= 255 ? value : undefined;
}
