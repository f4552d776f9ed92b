import { stripVTControlCharacters } from 'node:util';

/** Control characters, and those that turn the direction of what follows them. */
const UNSAFE = '\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
const ANY_UNSAFE = new RegExp(`[${UNSAFE}]`, 'g');
/** The one kind of escape sequence that only colours and styles what follows it. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const STYLE = /(\u001b\[[0-9;:]{0,64}m)/;
const PLAIN = '\u001b[0m';

/** Text from elsewhere, safe to print: a name must not move the cursor or colour the rest of the list. */
export function printable(text: string): string {
  return text.replaceAll(ANY_UNSAFE, '\u{fffd}');
}

/** The same for text of many lines: newlines and tabs stay, whole escape sequences go without a trace. */
export function printableText(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\t').map(printable).join('\t'))
    .join('\n');
}

/** As {@link printableText}, with its colours and styles, which are taken back at the end. */
export function styledText(text: string): string {
  const parts = text.split(STYLE);
  return `${parts.map((part, index) => (index % 2 === 1 ? part : printableText(part))).join('')}${PLAIN}`;
}

/** One line of JSON; characters that a terminal might obey are escaped, which reads back as the same text. */
export function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replaceAll(
    ANY_UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${escaped}\n`;
}

export function printJson(value: unknown): void {
  process.stdout.write(jsonLine(value));
}
