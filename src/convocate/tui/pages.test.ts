import { describe, expect, test } from 'vitest';
import type { Call, TuiEvent } from './events.ts';
import { HELP_LINES } from './help-lines.ts';
import { pageRows } from './layout.ts';
import { type Page, pageTop } from './pages.ts';
import type { TuiState } from './state.ts';
import { textOf } from './view/line.ts';
import { screenOf } from './view/screen.ts';
import { NOW_MS, after, cameBack, effectsOf, press, sessionOf, stateWith } from './tui-fixture.ts';

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

  test('is scrolled by the lines that are seen of it, a long one being several', () => {
    const long = Array.from({ length: 50 }, (_, index) => `${'word '.repeat(30)}end${index}`).join('\n');
    const now = after(press(state, 'l'), logAnswer(state, { result: { text: long, truncated: false } }));
    expect(topOf(now)).toBe(79);
    const words = seenWith(press(now, 'home'), 'down').split(/[ …]+/);
    expect(words.filter((word) => word === 'word')).toHaveLength(50 * 30);
    expect(words.filter((word) => word.startsWith('end'))).toHaveLength(50);
    expect(topOf(after(now, { kind: 'size', size: { cols: 120, rows: 24 }, atMs: NOW_MS }))).toBe(79);
    expect(topOf(after(now, { kind: 'size', size: { cols: 50, rows: 24 }, atMs: NOW_MS }))).toBe(50 * 4 - 21);
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
  expect(topOf(after(end, { kind: 'size', size: { cols: 80, rows: 500 }, atMs: NOW_MS }))).toBe(0);
});

test('messages show the newest, and stay where they were scrolled to when more come', () => {
  const many = after(state, ...Array.from({ length: 50 }, () => cameBack('detached')));
  const now = press(many, 'm');
  expect(topOf(now)).toBe(29);
  expect(topOf(after(now, cameBack('detached')))).toBe(30);
  expect(topOf(after(press(now, 'up'), cameBack('detached')))).toBe(28);
});

/** The text of every line that is seen with these keys, one screen after another; each line once where it stays. */
function seenWith(start: TuiState, word: string): string {
  const rows = pageRows(start.size);
  const seen: string[] = [];
  for (let now = start, from = 0; ; now = press(now, word)) {
    const lines = screenOf(now, { color: true })
      .map(textOf)
      .slice(1, 1 + rows);
    lines.forEach((line, index) => (seen[topOf(now) + index] = line));
    if (topOf(press(now, word)) === topOf(now)) return seen.join(' ').replaceAll(/\s+/g, ' ');
    expect(topOf(now)).toBeGreaterThanOrEqual(from);
    from = topOf(now);
  }
}

describe.each([
  { cols: 80, rows: 24 },
  { cols: 40, rows: 12 },
])('at $cols×$rows', (size) => {
  const words = (number: number) => Array.from({ length: 40 }, (_, index) => `m${number}w${index}`).join(' ');
  const told = Array.from({ length: 20 }, (_, number) => cameBack(words(number)));
  const sized = after(state, { kind: 'size', size, atMs: NOW_MS }, ...told);

  test.each(['down', 'pageDown'])('every line of every message is reached with %s', (word) => {
    const text = seenWith(press(sized, 'm', 'home'), word);
    for (let number = 0; number < told.length; number += 1) expect(text).toContain(words(number));
  });

  test('messages start at their very end, which End leads back to, and Up and PgUp lead away from', () => {
    const opened = press(sized, 'm');
    const lines = (now: TuiState) => screenOf(now, { color: true }).map(textOf);
    expect(lines(opened)[pageRows(size)]).toMatch(/m19w39 *$/);
    expect(lines(press(opened, 'home', 'end'))).toEqual(lines(opened));
    expect(lines(press(opened, 'home'))[1]).toMatch(/• m0w0 /);
    expect([['up'], ['pageUp']].map((way) => topOf(opened) - topOf(press(opened, ...way)))).toEqual([
      1,
      pageRows(size),
    ]);
  });

  test('no word of the help is lost', () => {
    const text = seenWith(press(sized, '?'), 'pageDown');
    for (const line of HELP_LINES) if ('does' in line) expect(text).toContain(line.does);
  });
});

test.each(['?', 'm', 'l', 's'])('%s is left with Escape or Q', (word) => {
  for (const way of ['escape', 'q', 'Q']) {
    expect(press(state, word, way).dialog).toBeUndefined();
    expect(effectsOf(state, word, way).filter(({ kind }) => kind === 'quit')).toEqual([]);
  }
  expect(press(state, word, 'paste:q').dialog).toEqual(press(state, word).dialog);
});
