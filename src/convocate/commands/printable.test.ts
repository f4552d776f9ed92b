import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLine, printable, printableText, styledText } from './printable.ts';

const ESC = '\u001b';
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
// oxlint-disable-next-line no-control-regex -- the same
const STYLES = /\u001b\[[0-9;:]*m/g;

/** Text in which escape sequences, whole and cut, are likely. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ESC,
        `${ESC}[`,
        `${ESC}]0;`,
        '\u0007',
        '\u009b',
        '31m',
        '2J',
        `${ESC}[1;31m`,
        '\r',
        '\n',
        '\t',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
  )
  .map((parts) => parts.join(''));

test('a name is one line without anything that a terminal obeys', () => {
  expect(printable(`a${ESC}[2Jb\nc\u202e`)).toBe('a\u{fffd}[2Jb\u{fffd}c\u{fffd}');
  fc.assert(fc.property(hostile, (text) => !OBEYED.test(printable(text)) && !printable(text).includes('\n')));
});

test('text keeps its lines and tabs; sequences go as a whole, what is left of cut ones is shown as damage', () => {
  const text = `${ESC}[1mbold${ESC}[0m\r\n${ESC}]0;title\u0007a\tb\n${ESC}\u009b`;
  expect(printableText(text)).toBe('bold\na\tb\n\u{fffd}\u{fffd}');
  fc.assert(fc.property(hostile, (given) => !OBEYED.test(printableText(given))));
});

test('styled text keeps colours and nothing else, and ends plain', () => {
  const text = `${ESC}[38;5;9mred${ESC}[2J${ESC}[H${ESC}[?1049h${ESC}[m\n${ESC}]52;c;AAAA\u0007x`;
  expect(styledText(text)).toBe(`${ESC}[38;5;9mred${ESC}[m\nx${ESC}[0m`);
  fc.assert(
    fc.property(hostile, (given) => {
      const shown = styledText(given);
      return !OBEYED.test(shown.replaceAll(STYLES, '')) && shown.endsWith(`${ESC}[0m`);
    }),
  );
});

test('JSON holds the same text, and nothing that a terminal obeys', () => {
  expect(jsonLine({ name: 'a\u009b2J\u202e' })).toBe('{"name":"a\\u009b2J\\u202e"}\n');
  fc.assert(
    fc.property(hostile, (text) => {
      const line = jsonLine({ text });
      expect(JSON.parse(line)).toEqual({ text });
      expect(OBEYED.test(line)).toBe(false);
    }),
  );
});
