import { describe, expect, test } from 'vitest';
import type { Call, TuiEvent } from './events.ts';
import { HELP_LINES } from './help-lines.ts';
import { type Page, pageTop } from './pages.ts';
import type { TuiState } from './state.ts';
import { NOW_MS, after, effectsOf, press, sessionOf, stateWith } from './tui-fixture.ts';

const state = stateWith([sessionOf(1, { name: 'payments' }), sessionOf(2)]);

function topOf(now: TuiState): number {
  const { dialog } = now;
  if (dialog?.kind !== 'help' && dialog?.kind !== 'log' && dialog?.kind !== 'messages')
    throw new Error('no page');
  return pageTop(now, dialog satisfies Page);
}

function logAnswer(now: TuiState, what: Partial<Extract<TuiEvent, { kind: 'answer' }>>): TuiEvent {
  const [effect] = effectsOf(now, 'l');
  if (effect?.kind !== 'call') throw new Error('no log was asked for');
  const call: Call = structuredClone(effect.call);
  return { kind: 'answer', call, outcome: 'done', atMs: NOW_MS, ...what };
}

const text = (lines: number) => Array.from({ length: lines }, (_, index) => `line ${index}\n`).join('');

describe('the log', () => {
  test('is asked for the session under the cursor, and shows its end', () => {
    const now = after(press(state, 'l'), logAnswer(state, { result: { text: text(100), truncated: true } }));
    expect(now.dialog).toMatchObject({ target: { name: 'payments' }, truncated: true, top: undefined });
    expect(topOf(now)).toBe(79);
    const seen = [['up'], ['pageUp'], ['home'], ['home', 'pageDown'], ['home', 'end'], ['up', 'down']];
    expect(seen.map((words) => topOf(press(now, ...words)))).toEqual([78, 58, 0, 21, 79, 79]);
  });

  test('that does not come says why', () => {
    const now = after(
      press(state, 'l'),
      logAnswer(state, { outcome: 'refused', problem: 'no such container' }),
    );
    expect(now.dialog).toMatchObject({ lines: undefined, problem: 'no such container' });
  });

  test('of another session, or after it was closed, is dropped', () => {
    const late = logAnswer(state, { result: { text: text(1), truncated: false } });
    const other = press(state, 'down', 'l');
    expect(after(other, late).dialog).toEqual(other.dialog);
    expect(after(state, late)).toEqual(state);
  });

  test('that is empty has no lines', () => {
    const now = after(press(state, 'l'), logAnswer(state, { result: { text: '', truncated: false } }));
    expect(now.dialog).toMatchObject({ lines: [] });
    expect(topOf(press(now, 'up', 'down', 'pageUp'))).toBe(0);
  });
});

test('the help scrolls to its end and no further, and a larger window shows more of it', () => {
  const end = press(state, '?', 'end');
  expect(topOf(end)).toBe(HELP_LINES.length - 21);
  expect(topOf(press(end, 'pageDown', 'down'))).toBe(HELP_LINES.length - 21);
  expect(topOf(after(end, { kind: 'size', size: { cols: 80, rows: 500 } }))).toBe(0);
});

test('messages show the newest, and stay where they were scrolled to when more come', () => {
  const back: TuiEvent = { kind: 'back', message: { atMs: NOW_MS, kind: 'news', text: 'detached' } };
  const many = after(state, ...Array.from({ length: 50 }, () => back));
  const now = press(many, 'm');
  expect(topOf(now)).toBe(29);
  expect(topOf(after(now, back))).toBe(30);
  expect(topOf(after(press(now, 'up'), back))).toBe(28);
});

test.each(['?', 'm', 'l', 's'])('%s is left with Escape or Q', (word) => {
  for (const way of ['escape', 'q', 'Q']) {
    expect(press(state, word, way).dialog).toBeUndefined();
    expect(effectsOf(state, word, way).filter(({ kind }) => kind === 'quit')).toEqual([]);
  }
  expect(press(state, word, 'paste:q').dialog).toEqual(press(state, word).dialog);
});
