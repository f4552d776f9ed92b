import { beforeAll, describe, expect, test, vi } from 'vitest';
import { MOST_TYPED, TOO_LONG } from './text-edit.ts';
import { press, sessionOf, stateWith } from './tui-fixture.ts';
import type { TuiState } from './state.ts';
import { exactColumns } from './view/exact-columns-fixture.ts';
import { textOf } from './view/line.ts';
import { screenOf } from './view/screen.ts';

/** Characters that were measured: what drawing costs. */
const work = vi.hoisted(() => ({ characters: 0 }));
vi.mock(import('../../base/text-columns.ts'), async (load) => {
  const real = await load();
  const columnsOf = (text: string): number => {
    work.characters += text.length + 1;
    return real.columnsOf(text);
  };
  return { ...real, columnsOf };
});

beforeAll(exactColumns);

const state = stateWith([sessionOf(1)]);
const PLACES = [
  ['the filter', ['/']],
  ['a field of a form', ['n']],
] as const;

const lines = (now: TuiState): string[] => screenOf(now, { color: true }).map(textOf);

/** A few frames, each of which may look at all of the longest text some times, but not for each of its letters again. */
function expectBounded(look: () => void): void {
  work.characters = 0;
  look();
  expect(work.characters).toBeLessThan(20 * MOST_TYPED);
}

describe.each(PLACES)('%s', (_, open) => {
  const opened = press(state, ...open);

  test.each([
    ['letters', 'x'.repeat(64 * 1024)],
    ['wide letters', '日'.repeat(64 * 1024)],
    ['mostly spaces', `x${' '.repeat(64 * 1024 - 2)}x`],
  ])('64 KiB of %s are left out, and that is told', (_, text) => {
    expectBounded(() => {
      const pasted = press(opened, `paste:${text}`);
      expect(pasted.dialog).toEqual(opened.dialog);
      expect(pasted.list).toEqual(opened.list);
      expect(pasted.notice?.text).toBe(TOO_LONG);
      expect(lines(pasted).some((line) => line.includes(TOO_LONG.slice(0, 40)))).toBe(true);
    });
  });

  test.each([
    ['letters', 'x'.repeat(MOST_TYPED)],
    ['wide letters', '日'.repeat(MOST_TYPED)],
  ])('the most it takes, of %s, is drawn around the cursor', (_, text) => {
    expectBounded(() => {
      const pasted = press(opened, `paste:${text}`);
      expect(lines(pasted).some((line) => line.includes(text.slice(0, 10)))).toBe(true);
      lines(press(pasted, 'left', 'left'));
      lines(press(pasted, 'home'));
    });
  });
});
