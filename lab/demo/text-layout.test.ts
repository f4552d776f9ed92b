import { expect, test } from 'vitest';
import { frame, hanging, keepColour, table, wrap } from './text-layout.ts';

test('breaks at spaces, and keeps a long word whole', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('a SHA256:abcdefghijkl b', 8)).toEqual(['a', 'SHA256:abcdefghijkl', 'b']);
});

test('goes on beneath a line that a command printed, deeper than where its sentence began', () => {
  expect(hanging('agent-a    warning: it runs on the old image', 34)).toEqual([
    'agent-a    warning: it runs on',
    '               the old image',
  ]);
  expect(hanging('short', 34)).toEqual(['short']);
});

test('a table is as wide as its cells need', () => {
  expect(
    table([
      ['NAME', 'N', ''],
      ['a', '12', 'x'],
    ]),
  ).toEqual(['NAME  N', 'a     12  x']);
});

test('a frame closes to the right of wide characters and of coloured ones', () => {
  const lines = ['\u001b[32mgo\u001b[0m', '日本'];
  expect(frame('t', lines, 6, (text) => text)).toEqual([
    '╭─ t ────╮',
    '│ \u001b[32mgo\u001b[0m     │',
    '│ 日本   │',
    '╰────────╯',
  ]);
});

test('a colour that goes on over lines is ended and taken up at each', () => {
  expect(keepColour(['\u001b[1m\u001b[31mred', 'still\u001b[0m', 'plain\u0007'])).toEqual([
    '\u001b[1m\u001b[31mred\u001b[0m',
    '\u001b[1m\u001b[31mstill\u001b[0m\u001b[0m',
    'plain\u001b[0m',
  ]);
});
