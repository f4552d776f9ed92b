import type { Key, KeyName } from '../events.ts';

const ESC = '\u001b';

/** Final letters of `ESC [` and `ESC O`; the second kind comes from terminals in application mode. */
const BY_LETTER: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  M: 'enter',
};
/** Numbers of `ESC [ n ~`: xterm, rxvt and the Linux console each have their own for Home and End. */
const BY_NUMBER: Readonly<Record<string, KeyName>> = {
  '1': 'home',
  '3': 'delete',
  '4': 'end',
  '5': 'pageUp',
  '6': 'pageDown',
  '7': 'home',
  '8': 'end',
};
const SEQUENCE = new RegExp(`^${ESC}([[O])([\\d;]*)([A-Za-z~$])$`);
const SHIFT = 1;

/** The key of a whole `ESC [ …` or `ESC O …`; undefined for one that is nothing to us. */
export function keyOfSequence(sequence: string): Key | undefined {
  const parts = SEQUENCE.exec(sequence);
  if (!parts) return undefined;
  const [, kind, parameters = '', final = ''] = parts;
  if (kind === '[' && final === 'Z') return { name: 'tab', shift: true };
  if (kind === '[' && final === 'M') return undefined; // a mouse report of the oldest kind
  const [number = '', modifier = '1'] = parameters.split(';');
  const name = final === '~' || final === '$' ? BY_NUMBER[number] : BY_LETTER[final];
  if (name === undefined) return undefined;
  const shifted = final === '$' || ((Number(modifier) - 1) & SHIFT) !== 0;
  return shifted ? { name, shift: true } : { name };
}

/** The key of one character that is no sequence; undefined for one that is nothing to us. */
export function keyOfCharacter(character: string): Key | undefined {
  switch (character) {
    case '\r':
    case '\n':
      return { name: 'enter' };
    case '\t':
      return { name: 'tab' };
    case '\u0008':
    case '\u007f':
      return { name: 'backspace' };
    case '\u001b':
      return { name: 'escape' };
    default:
      return controlKey(character) ?? { name: 'text', text: character };
  }
}

function controlKey(character: string): Key | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 32) return undefined;
  return { name: 'ctrl', letter: String.fromCodePoint(code + 64).toLowerCase() };
}
