import { describe, expect, test } from 'vitest';
import { SMALLEST, type TuiState } from './state.ts';
import { NOW_MS, after, effectsOf, press, sessionOf, stateWith } from './tui-fixture.ts';

const list = stateWith([sessionOf(1), sessionOf(2)]);

function inSmallWindow(state: TuiState): TuiState {
  return after(state, { kind: 'size', size: { cols: SMALLEST.cols - 1, rows: SMALLEST.rows }, atMs: NOW_MS });
}

describe('in a window that is too small, no key acts unseen', () => {
  const small = inSmallWindow(list);

  test.each(['enter', 'k', 'd', 'r', 'b', 'n', '/', 'down', '!', 't', '?'])('%s in the list', (word) => {
    expect(effectsOf(small, word)).toEqual([]);
    expect(press(small, word)).toEqual(small);
  });

  test.each([
    ['a question', ['k'], ['y', 'n', 'tab', 'enter', 'q']],
    ['a form', ['e'], ['x', 'q', 'tab', 'enter', 'paste:text']],
    ['the filter', ['/'], ['x', 'q', 'enter']],
    ['a page', ['?'], ['down', 'end', 'q']],
  ])('in %s', (_, open, words) => {
    const covered = inSmallWindow(press(list, ...open));
    for (const word of words) {
      expect(effectsOf(covered, word)).toEqual([]);
      expect(press(covered, word)).toEqual(covered);
    }
    expect(press(covered, 'escape').dialog).toBeUndefined();
  });

  test('the ways out count', () => {
    expect(effectsOf(small, 'Q')).toEqual([{ kind: 'quit' }]);
    expect(press(small, 'ctrl-c').notice?.text).toBe('Q quits');
    expect(press(inSmallWindow(press(list, '!')), 'escape').list.onlyAttention).toBe(false);
  });

  test('and all keys do again as soon as it is large enough', () => {
    const large = after(small, { kind: 'size', size: SMALLEST, atMs: NOW_MS });
    expect(press(large, 'k').dialog?.kind).toBe('confirm');
  });
});
