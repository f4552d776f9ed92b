import { describe, expect, test } from 'vitest';
import type { SessionView } from '../../../protocol/shell-socket.ts';
import { NOW_MS, sessionAt } from './cluster-fixture.ts';
import { textOf } from './line.ts';
import { previewPane } from './preview-pane.ts';

function paneOf(session: SessionView): string {
  const lines = previewPane(session, undefined, { cols: 46, rows: 30 }, NOW_MS);
  return lines.map((line) => textOf(line).slice(2).trim()).join(' ');
}

test.each([
  ['docker', 'session-1# ● R running UUID', 'profile docker # looser than boxed'],
  ['boxed', 'session-1 ● R running UUID', 'profile boxed started'],
  [undefined, 'session-1 ● R running UUID', 'profile - started'],
])('the profile %s is told, and marked where it is looser than the default one', (profile, name, words) => {
  const pane = paneOf(sessionAt(1, profile === undefined ? {} : { profile })).replaceAll(/ +/g, ' ');
  expect(pane).toContain(name);
  expect(pane).toContain(words);
});

test.each([
  [{ running: false, exit_code: 137 }, '✖ - exit 137', 'ended exit code 137 port'],
  [{ running: false, exit_code: 143 }, '○ - exit 143', 'ended exit code 143 port'],
  [
    { running: false, exit_code: 137, asked_to_stop: true },
    '○ - stopped',
    'ended exit code 137, by a kill port',
  ],
  [
    { running: false, exit_code: 137, oom_killed: true },
    '✖ - oom 137',
    'ended exit code 137, out of memory port',
  ],
  [{ running: false, exit_code: 0 }, '○ - exit 0', 'ended exit code 0 port'],
  [{ running: false }, '○ - stopped', 'ago port'],
  [{ exit_code: 1 }, '● R running', 'ago port'],
])('how a session ended is told: %j', (what, state, words) => {
  const pane = paneOf(sessionAt(1, what)).replaceAll(/ +/g, ' ');
  expect(pane).toContain(state);
  expect(pane).toContain(words);
});

describe('where there is no screen to show, what Enter does is told', () => {
  test.each([
    ['stopped', { running: false }, 'not running: Enter starts it'],
    ['running', {}, '…'],
    [
      'orphan',
      { running: false, orphan: true, name: '' },
      'not running: 00000001 is only a home that no metadata belongs to; (C)lone it to use it, or (D)elete it',
    ],
    [
      'locked',
      { running: false, locked: true },
      'not running: session-1 is locked: a change is under way or was cut off',
    ],
  ] as const)('%s', (_, what, words) => {
    expect(paneOf(sessionAt(1, what))).toContain(words);
  });
});
