import { expect, test } from 'vitest';
import { press } from '../tui-fixture.ts';
import { agentAt, sessionAt, stateWith } from './cluster-fixture.ts';
import { textOf } from './line.ts';
import { screenOf } from './screen.ts';

const state = stateWith({ cols: 80, rows: 24 }, [agentAt(0)], [sessionAt(1)]);

test.each([
  ['one filter', ['!'], 'Esc shows all', 1],
  ['two filters', ['!', 'u'], 'Esc takes back one filter', 0],
  ['a filter that is being typed', ['/', 'q'], 'Esc brings back the filter before', 1],
])('an empty list says what Escape does: %s', (_, words, told, rowsAfter) => {
  const empty = press(state, ...words);
  const rows = (now: typeof state) => screenOf(now, { color: true }).map(textOf);
  expect(rows(empty).some((line) => line.trim() === told)).toBe(true);
  expect(rows(press(empty, 'escape')).filter((line) => line.includes('session-1'))).toHaveLength(rowsAfter);
});
