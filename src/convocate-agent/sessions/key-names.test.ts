import { expect, test } from 'vitest';
import { isKeyName } from './key-names.ts';

test.each([
  ...[
    'Enter',
    'enter',
    'Escape',
    'C-c',
    '^C',
    'c-C',
    'M-Left',
    'C-M-x',
    'S-F12',
    'x',
    'X',
    '1',
    '-',
    '^',
    'C--',
    'C-^',
  ],
  ...['BTab', 'PgUp', 'PPage', 'DC', 'M-1'],
  ...['/', '?', ';', '~', 'C-]', 'C-\\', 'M-.', 'M-;', 'c-m-x', 'C-M-]', 'C-M-S-Up', 'C-Space'],
])('%s is a key', (name) => {
  expect(isKeyName(name)).toBe(true);
});

test.each([
  ...[
    '',
    'Return',
    'Ctrl-C',
    'Enterr',
    'F0',
    'F13',
    'C-',
    'ab',
    'C-ab',
    '^^C',
    'hello',
    'Any',
    'User1',
    'MouseDown1Pane',
  ],
  ...['é', ' ', 'C- ', 'C-é', 'M-\n'],
  // What tmux 3.3 types as it is.
  ...['S-a', 'S-Tab', 'C-S-x', 'M-S-x', 'C-*', '^*', 'C-M-1', 'C-M-Enter'],
])('%j is none', (name) => {
  expect(isKeyName(name)).toBe(false);
});
