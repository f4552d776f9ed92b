// Lines of text: wrapped, in columns, in frames. Widths are those a terminal shows, so colour codes count nothing.
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

const codes = {
  bold: '1',
  dim: '2',
  good: '32',
  bad: '1;31',
  warning: '33',
  heading: '1;36',
  prompt: '34',
} as const;
export type Style = keyof typeof codes;

export function paint(style: Style, text: string): string {
  return `\u001b[${codes[style]}m${text}\u001b[0m`;
}

export function plain(text: string): string {
  return printable(text).trimEnd();
}

/** Without control sequences, and without what moves a cursor or rings a bell by itself. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, '');
}

/** Breaks at spaces; a word longer than the width keeps a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && stringWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** As wrap, but keeps the indentation of the line and goes on four columns deeper. */
export function hanging(text: string, columns: number): string[] {
  if (stringWidth(text) <= columns) return [text];
  // What a command prints before its sentence, such as "agent-a    ", stays as it is.
  const lead = /^(?:\S+ {2,}|\s*)/.exec(text)?.[0] ?? '';
  const [first = '', ...rest] = wrap(text.slice(lead.length), columns - lead.length - 4);
  return [lead + first, ...rest.map((line) => ' '.repeat(lead.length + 4) + line)];
}

/** Columns two spaces apart, each as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}

export function frame(
  title: string,
  lines: readonly string[],
  columns: number,
  edge: (text: string) => string,
): string[] {
  const top = `╭─ ${title} `;
  return [
    edge(`${top}${'─'.repeat(Math.max(0, columns + 3 - stringWidth(top)))}╮`),
    ...lines.map(
      (line) => `${edge('│')} ${line}${' '.repeat(Math.max(0, columns - stringWidth(line)))} ${edge('│')}`,
    ),
    edge(`╰${'─'.repeat(columns + 2)}╯`),
  ];
}

// oxlint-disable-next-line no-control-regex -- it is control characters that have to be told apart
const colourCode = /(\u001b\[[0-9;:]*m)/;

/**
 * tmux carries colours over from one captured line to the next. Here each line ends without colour and takes up
 * those of the line before, so that a frame can be drawn around it. Other control sequences are left out.
 */
export function keepColour(lines: readonly string[]): string[] {
  let active = '';
  return lines.map((line) => {
    const before = active;
    const parts = line.split(colourCode);
    const kept = parts.map((part, index) => {
      if (index % 2 === 0) return printable(part);
      active = ['\u001b[0m', '\u001b[m'].includes(part) ? '' : active + part;
      return part;
    });
    return `${before}${kept.join('')}\u001b[0m`;
  });
}
