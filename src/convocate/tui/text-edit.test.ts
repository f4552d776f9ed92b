import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgentSettingsChange } from '../../protocol/agent-settings.ts';
import { MOST_TYPED, editText, insertText } from './text-edit.ts';

const FAMILY = '👩‍👩‍👧';
const ACCENTED = 'e\u0301';

/** `ab|c`: the text with the cursor where the bar is. */
function at(marked: string): { value: string; cursor: number } {
  const cursor = marked.indexOf('|');
  return { value: marked.replace('|', ''), cursor };
}

function marked({ value, cursor }: { value: string; cursor: number }): string {
  return `${value.slice(0, cursor)}|${value.slice(cursor)}`;
}

describe('editing keys', () => {
  test.each([
    ['left', 'ab|c', 'a|bc'],
    ['left', '|abc', '|abc'],
    ['right', 'ab|c', 'abc|'],
    ['right', 'abc|', 'abc|'],
    ['home', 'ab|c', '|abc'],
    ['end', 'ab|c', 'abc|'],
    ['backspace', 'ab|c', 'a|c'],
    ['backspace', '|abc', '|abc'],
    ['delete', 'ab|c', 'ab|'],
    ['delete', 'abc|', 'abc|'],
    ['clear', 'ab|c', '|c'],
    ['left', `a${FAMILY}|`, `a|${FAMILY}`],
    ['right', `|${ACCENTED}b`, `${ACCENTED}|b`],
    ['backspace', `a${FAMILY}|b`, 'a|b'],
    ['delete', `|${ACCENTED}b`, '|b'],
  ] as const)('%s: %s becomes %s', (command, before, then) => {
    expect(marked(editText(at(before), command) ?? at('?|'))).toBe(then);
  });

  test('any other command edits nothing', () => {
    expect(editText(at('a|'), 'send')).toBeUndefined();
    expect(editText(at('a|'), undefined)).toBeUndefined();
  });
});

describe('inserting', () => {
  test.each([
    ['a|b', 'x', 'ax|b'],
    ['a|b', ' ', 'a |b'],
    ['|', '  pasted name \n', 'pasted name|'],
    ['|', 'two\r\nlines', 'two lines|'],
    ['|', 'a\u001b[31mb', 'a[31mb|'],
    ['e|', '\u0301', `${ACCENTED}|`],
    // What is put before a lone accent becomes one character with it.
    ['|\u0301', 'e', `${ACCENTED}|`],
  ])('into %j %j gives %j', (before, added, then) => {
    expect(marked(insertText(at(before), added) ?? at('?|'))).toBe(then);
  });
});

test('a line takes as much as the longest field of the contract, and not in part what is more', () => {
  const longest = 'x'.repeat(MOST_TYPED);
  const takes = (value: string): boolean => AgentSettingsChange.safeParse({ session_command: value }).success;
  expect([takes(longest), takes(`${longest}x`)]).toEqual([true, false]);
  expect(insertText(at('|'), longest)?.value).toBe(longest);
  expect(insertText(at('|'), `${longest}x`)).toBeUndefined();
  expect(insertText({ value: longest, cursor: 0 }, 'x')).toBeUndefined();
  expect(insertText({ value: longest, cursor: 0 }, '\u0007')?.value).toBe(longest);
});

test('whatever is typed, the cursor stands at the edge of a character', () => {
  const piece = fc.constantFrom(
    'a',
    ' ',
    FAMILY,
    ACCENTED,
    '\u0301',
    '\u200d',
    '🇩',
    '🇪',
    'pasted\ntext',
    '中',
  );
  const command = fc.constantFrom('left', 'right', 'home', 'end', 'backspace', 'delete', 'clear');
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          piece.map((text) => ({ text })),
          command,
        ),
      ),
      (presses) => {
        let now = { value: '', cursor: 0 };
        for (const press of presses) {
          now =
            typeof press === 'string' ? (editText(now, press) ?? now) : (insertText(now, press.text) ?? now);
          const edges = [...new Intl.Segmenter('en').segment(now.value)].map(({ index }) => index);
          expect([...edges, now.value.length]).toContain(now.cursor);
        }
      },
    ),
  );
});
