import { expect, test } from 'vitest';
import { ScreenModes } from './screen-modes.ts';

const LEAVE = '\u001b[?1049l';

function leavesAfter(...output: string[]): boolean {
  const modes = new ScreenModes();
  for (const chunk of output) modes.follow(Buffer.from(chunk));
  return modes.restoring().includes(LEAVE);
}

test('the alternate screen is left where the output stayed on it, and there only', () => {
  expect(leavesAfter()).toBe(false);
  expect(leavesAfter('\u001b[?1049hhello')).toBe(true);
  expect(leavesAfter('\u001b[?1049hhello\u001b[?1049l')).toBe(false);
  expect(leavesAfter('\u001b[?1049h', '\u001b[?1049l', '\u001b[?1049h')).toBe(true);
});

test('a sequence may be cut anywhere', () => {
  const enter = '\u001b[?1049h';
  for (let cut = 0; cut <= enter.length; cut += 1) {
    expect(leavesAfter(enter.slice(0, cut), enter.slice(cut), 'x'), `cut at ${cut}`).toBe(true);
    expect(leavesAfter(enter, LEAVE.slice(0, cut), LEAVE.slice(cut)), `left, cut at ${cut}`).toBe(false);
  }
  expect(leavesAfter(...enter.split(''))).toBe(true);
});

test('mouse, cursor and paste modes are always put back', () => {
  for (const mode of ['[?25h', '[?1000l', '[?1006l', '[?2004l', '[0m'])
    expect(new ScreenModes().restoring()).toContain(`\u001b${mode}`);
});
