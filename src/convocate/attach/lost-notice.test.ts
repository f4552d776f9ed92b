import { expect, test } from 'vitest';
import { lostNotice, withoutNotice } from './lost-notice.ts';

test('the bottom row, in reverse, and the cursor back where it was', () => {
  expect(lostNotice('api on agent-a', 12_900, { cols: 80, rows: 24 })).toBe(
    '\u001b7\u001b[24;1H\u001b[0;7m connection to api on agent-a lost, trying again · 12 s · Ctrl-B D leaves \u001b[0m\u001b[K\u001b8',
  );
  expect(withoutNotice({ cols: 80, rows: 24 })).toBe('\u001b7\u001b[24;1H\u001b[0m\u001b[2K\u001b8');
});

test('fits a narrow terminal, and takes no orders from a name', () => {
  const shown = (name: string, cols: number): string | undefined =>
    lostNotice(name, 0, { cols, rows: 12 }).split('[0;7m')[1]?.split('\u001b')[0];
  expect(shown('a-name-that-is-much-too-long', 45)).toBe(' lost, trying again · 0 s · Ctrl-B D leaves ');
  expect(shown('x', 10)).toBe(' lost, try');
  expect(shown('語語', 56)).toBe(' lost, trying again · 0 s · Ctrl-B D leaves ');
  expect(shown('\u001b[2Jx', 80)).toBe(
    ' connection to \u{fffd}[2Jx lost, trying again · 0 s · Ctrl-B D leaves ',
  );
});
