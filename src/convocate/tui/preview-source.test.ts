import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Screen } from '../../protocol/rpc.ts';
import type { TuiEvent } from './events.ts';
import { PreviewSource } from './preview-source.ts';
import type { Target } from './target.ts';

const SCREEN: Screen = { text: 'hello', cols: 80, rows: 24, title: '' };
const target = (uuid: string, agentId = 'agent00a'): Target => ({ agentId, host: 'a', uuid, name: uuid });

let asked: {
  readonly uuid: string;
  readonly answer: (screen: Screen) => void;
  readonly fail: (error: Error) => void;
}[];
let told: TuiEvent[];
let preview: PreviewSource;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  told = [];
  preview = new PreviewSource({
    ask: async ({ uuid }) =>
      await new Promise<Screen>((answer, fail) => {
        asked.push({ uuid, answer, fail });
      }),
    tell: (event) => told.push(event),
  });
});

afterEach(() => {
  preview.close();
  vi.useRealTimers();
});

test('only the session on which the cursor comes to rest is asked for', async () => {
  preview.show(target('one'));
  await vi.advanceTimersByTimeAsync(100);
  preview.show(target('two'));
  await vi.advanceTimersByTimeAsync(149);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked.map(({ uuid }) => uuid)).toEqual(['two']);
});

test('it is asked for again a second after each answer, and never twice at once', async () => {
  preview.show(target('one'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  asked[0]?.answer(SCREEN);
  await vi.advanceTimersByTimeAsync(999);
  expect(told).toEqual([{ kind: 'screen', key: 'agent00a/one', screen: SCREEN }]);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(2);
});

test('a question that hangs delays none about another session, and its answer is dropped', async () => {
  preview.show(target('one'));
  await vi.advanceTimersByTimeAsync(150);
  preview.show(target('two'));
  await vi.advanceTimersByTimeAsync(150);
  expect(asked.map(({ uuid }) => uuid)).toEqual(['one', 'two']);
  asked[0]?.answer(SCREEN);
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([]);
  asked[1]?.answer(SCREEN);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([{ kind: 'screen', key: 'agent00a/two', screen: SCREEN }]);
  expect(asked.map(({ uuid }) => uuid)).toEqual(['one', 'two', 'two']);
});

test('of a hung agent no more than two are asked for at once; another agent is asked all the same', async () => {
  for (const uuid of ['one', 'two', 'three', 'four']) {
    preview.show(target(uuid));
    await vi.advanceTimersByTimeAsync(10_000);
  }
  expect(asked.map(({ uuid }) => uuid)).toEqual(['one', 'two']);
  preview.show(target('far', 'agent00b'));
  await vi.advanceTimersByTimeAsync(150);
  expect(asked.map(({ uuid }) => uuid)).toEqual(['one', 'two', 'far']);
});

test('the row on which the cursor is then is asked for when one of the two has ended, however it ended', async () => {
  for (const uuid of ['one', 'two', 'three', 'four']) {
    preview.show(target(uuid));
    await vi.advanceTimersByTimeAsync(150);
  }
  asked[0]?.fail(new Error('a does not answer'));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.map(({ uuid }) => uuid)).toEqual(['one', 'two', 'four']);
  asked[1]?.answer(SCREEN);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(3);
  asked[2]?.answer(SCREEN);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([{ kind: 'screen', key: 'agent00a/four', screen: SCREEN }]);
  expect(asked.map(({ uuid }) => uuid)).toEqual(['one', 'two', 'four', 'four']);
});

test('what went wrong is told, and it is tried again', async () => {
  preview.show(target('one'));
  await vi.advanceTimersByTimeAsync(150);
  asked[0]?.fail(new Error('a does not answer'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([{ kind: 'screen', key: 'agent00a/one', problem: 'a does not answer' }]);
  expect(asked).toHaveLength(2);
});

test('nothing is asked for once it is closed', async () => {
  preview.show(target('one'));
  preview.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual([]);
});
