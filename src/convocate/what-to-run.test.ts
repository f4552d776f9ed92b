import { expect, test } from 'vitest';
import { whatToRun } from './what-to-run.ts';

const terminal = { isTerminal: true, term: 'xterm-256color' };
const none = { isTerminal: false, term: 'xterm-256color' };

test('a verb is run wherever it was typed', () => {
  expect(whatToRun(['ls', '--json'], terminal)).toEqual(['ls', '--json']);
  expect(whatToRun(['ls', '--json'], none)).toEqual(['ls', '--json']);
});

test('no verb: the terminal UI on a terminal, the list where nothing can be drawn', () => {
  expect(whatToRun([], terminal)).toEqual(['tui']);
  for (const place of [
    none,
    { ...terminal, term: 'dumb' },
    { ...terminal, term: '' },
    { ...terminal, term: undefined },
  ])
    expect(whatToRun([], place)).toEqual(['ls']);
});

test('as a login shell it takes its words in one piece, and those may be none', () => {
  expect(whatToRun(['-c', "convocate new 'a' --json"], none)).toEqual(['new', 'a', '--json']);
  expect(whatToRun(['-c', 'convocate'], none)).toEqual(['ls']);
  expect(whatToRun(['-c', 'convocate'], terminal)).toEqual(['tui']);
  expect(() => whatToRun(['-c', 'id'], none)).toThrow('this account runs convocate and nothing else');
});
