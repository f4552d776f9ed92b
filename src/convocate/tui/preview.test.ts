import { describe, expect, test } from 'vitest';
import type { TuiEvent } from './events.ts';
import { keyOf } from './state.ts';
import { step } from './step.ts';
import { targetOf } from './target.ts';
import {
  NOW_MS,
  after,
  change,
  clusterOf,
  effectsOf,
  press,
  sessionOf,
  snapshot,
  stateOfCluster,
  key,
} from './tui-fixture.ts';

const first = sessionOf(1);
const second = sessionOf(2);
const cluster = clusterOf([first, second, sessionOf(3, { running: false })]);
const wide = stateOfCluster(cluster, { cols: 120, rows: 40 });
const none = { kind: 'preview', target: undefined };
const of = (session: typeof first) => ({ kind: 'preview', target: targetOf(session) });

describe('the preview', () => {
  test('is of the session under the cursor, and asked for once', () => {
    expect(wide.preview).toEqual({ key: keyOf(first) });
    expect(effectsOf(wide, 'down')).toEqual([of(second)]);
    expect(effectsOf(wide, 'up')).toEqual([]);
    expect(step(wide, change(clusterOf([first, second]))).effects).toEqual([]);
  });

  test('is none in a narrow window, and comes with the width', () => {
    const narrow: TuiEvent = { kind: 'size', size: { cols: 119, rows: 40 }, atMs: NOW_MS };
    expect(step(wide, narrow)).toMatchObject({ effects: [none], state: { preview: undefined } });
    expect(
      step(after(wide, narrow), { kind: 'size', size: { cols: 120, rows: 40 }, atMs: NOW_MS }).effects,
    ).toEqual([of(first)]);
  });

  test('is none of a session that shows nothing, until it runs', () => {
    const onStopped = press(wide, 'end');
    expect(effectsOf(press(wide, 'down'), 'down')).toEqual([none]);
    const up = clusterOf([first, second, sessionOf(3)]);
    expect(step(onStopped, change(up)).effects).toEqual([of(sessionOf(3))]);
  });

  test.each([
    ['?', true],
    ['m', true],
    ['e', true],
    ['k', false],
    ['/', false],
  ])('after %s it is covered: %s', (word, covered) => {
    const effects = effectsOf(wide, word).filter(({ kind }) => kind === 'preview');
    expect(effects).toEqual(covered ? [none] : []);
    const back = effectsOf(wide, word, 'escape').filter(({ kind }) => kind === 'preview');
    expect(back).toEqual(covered ? [of(first)] : []);
  });

  test('follows when its session goes, and when nothing is left', () => {
    expect(step(wide, change(clusterOf([second]))).effects).toEqual([of(second)]);
    expect(step(wide, snapshot(clusterOf([]))).effects).toEqual([none]);
  });
});

describe('a screen', () => {
  const screen = { text: 'hello', cols: 80, rows: 24, title: '' };

  test('is shown where it belongs', () => {
    const shown = after(wide, { kind: 'screen', key: keyOf(first), screen });
    expect(shown.preview).toEqual({ key: keyOf(first), screen, problem: undefined });
    const problem = after(shown, { kind: 'screen', key: keyOf(first), problem: 'no answer' });
    expect(problem.preview).toEqual({ key: keyOf(first), screen: undefined, problem: 'no answer' });
  });

  test('of a session that the cursor has left is dropped', () => {
    const moved = after(wide, key('down'));
    expect(after(moved, { kind: 'screen', key: keyOf(first), screen })).toEqual(moved);
  });
});
