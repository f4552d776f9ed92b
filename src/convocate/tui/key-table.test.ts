import { describe, expect, test } from 'vitest';
import { HELP_LINES, shortKeys } from './help-lines.ts';
import { type Binding, KEY_TABLE, PLACES, type Place, commandOf, nameOfKey } from './key-table.ts';
import { keyOfWord } from './tui-fixture.ts';

const places = Object.keys(PLACES) as Place[];
const bindingsOf = (place: Place): readonly Binding[] => KEY_TABLE[place];

describe.each(places)('at %s', (place) => {
  test('no key means two things', () => {
    const keys = bindingsOf(place).flatMap((binding) => binding.keys);
    expect(keys).toEqual([...new Set(keys)]);
  });

  test('the help tells of every key, and of no other', () => {
    const heading = HELP_LINES.findIndex((line) => line.kind === 'heading' && line.text === PLACES[place]);
    const keys = bindingsOf(place).map(({ shown, does }) => ({ kind: 'key', shown, does }));
    expect(HELP_LINES.slice(heading + 1, heading + 1 + keys.length)).toEqual(keys);
    expect([undefined, 'gap']).toContain(HELP_LINES[heading + 1 + keys.length]?.kind);
  });
});

describe('the list', () => {
  test.each([
    ['enter', 'attach'],
    ['v', 'view'],
    ['n', 'new'],
    ['c', 'clone'],
    ['e', 'edit'],
    ['b', 'background'],
    ['d', 'delete'],
    ['k', 'kill'],
    ['o', 'override'],
    ['r', 'restart'],
    ['s', 'settings'],
    ['q', 'quit'],
    ['/', 'filter'],
    ['t', 'sort'],
    ['a', 'agent'],
    ['!', 'attention'],
    ['u', 'olderImages'],
    ['l', 'log'],
    ['?', 'help'],
    ['m', 'messages'],
    ['pageDown', 'pageDown'],
    ['end', 'end'],
  ])('%s is %s, in either case', (word, command) => {
    expect(commandOf('list', keyOfWord(word))).toBe(command);
    if (word.length === 1) expect(commandOf('list', keyOfWord(word.toUpperCase()))).toBe(command);
  });

  test.each(['j', 'ctrl-k', 'ctrl-l', 'paste:k', 'paste:qq', 'tab', '\u{1f600}'])(
    '%s means nothing',
    (word) => {
      expect(commandOf('list', keyOfWord(word))).toBeUndefined();
    },
  );

  test('has its most important keys first on the bottom line', () => {
    expect(shortKeys('list').slice(0, 4)).toEqual(['Enter attach', '(N)ew', '(K)ill', '(R)estart']);
  });
});

test('keys have names', () => {
  const names = ['tab', 'shift-tab', 'ctrl-C', ' ', 'K', 'paste:k', 'paste: '].map((word) =>
    nameOfKey(keyOfWord(word)),
  );
  expect(names).toEqual(['tab', 'shift-tab', 'ctrl-c', 'space', 'k', '', '']);
  expect(nameOfKey({ name: 'up', shift: true })).toBe('up');
});
