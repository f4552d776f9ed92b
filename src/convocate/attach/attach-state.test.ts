import { describe, expect, test } from 'vitest';
import { ATTACH } from '../../protocol/attach.ts';
import { type AttachEvent, type AttachState, type Effect, step } from './attach-state.ts';

const connected: AttachState = { phase: 'connected' };
const lost = { what: 'lost', why: 'cut', atMs: 1_000 } as const;
const again = (atMs: number): AttachEvent => ({
  what: 'failed',
  failure: 'again',
  problem: 'no answer',
  atMs,
});
const unknown = (atMs: number): AttachEvent => ({
  what: 'failed',
  failure: 'unknown',
  problem: 'not held',
  atMs,
});

function after(...events: AttachEvent[]): { state: AttachState; effects: readonly Effect[] } {
  let state = connected;
  let effects: readonly Effect[] = [];
  for (const event of events) ({ state, effects } = step(state, event));
  return { state, effects };
}

const dials = (effects: readonly Effect[]): Effect[] => effects.filter((effect) => effect.do === 'dial');

test('a loss shows the notice at once and asks for the terminal that was', () => {
  expect(after(lost).effects).toEqual([
    { do: 'show-notice', lostForMs: 0 },
    { do: 'dial', ask: 'resume', afterMs: 200 },
  ]);
  expect(after(lost, { what: 'second', atMs: 4_000 }).effects).toEqual([
    { do: 'show-notice', lostForMs: 3_000 },
  ]);
});

test('tries go on, ever more slowly, from 0.2 to 2 s', () => {
  const waits = [1, 2, 3, 4, 5, 6].map((tries) => {
    const events = Array.from({ length: tries }, (_, index) => again(1_100 + index));
    return dials(after(lost, ...events).effects)[0];
  });
  expect(waits).toEqual(
    [400, 800, 1600, 2000, 2000, 2000].map((afterMs) => ({ do: 'dial', ask: 'resume', afterMs })),
  );
});

test('an answer ends it, and the next loss begins anew', () => {
  expect(after(lost, again(1_200), { what: 'answered' })).toEqual({ state: connected, effects: [] });
  expect(after(lost, again(1_200), { what: 'answered' }, lost).effects).toEqual(after(lost).effects);
});

describe('a terminal that is not held any more', () => {
  test('is opened anew at once', () => {
    expect(after(lost, unknown(1_300)).effects).toEqual([{ do: 'dial', ask: 'open', afterMs: 0 }]);
  });

  test('and where that got no answer, it is asked for before another one is opened', () => {
    expect(dials(after(lost, unknown(1_300), again(1_400)).effects)).toEqual([
      { do: 'dial', ask: 'resume', afterMs: 400 },
    ]);
  });

  test('is the end where there is no such session either', () => {
    const { state } = after(lost, unknown(1_300), unknown(1_400));
    expect(state).toEqual({ phase: 'over', ending: { how: 'refused', problem: 'not held' } });
  });
});

test.each([again, (atMs: number): AttachEvent => ({ what: 'second', atMs })])(
  'is given up at the deadline, and not before',
  (make) => {
    const deadline = 1_000 + ATTACH.giveUpMs;
    expect(after(lost, make(deadline - 1)).state.phase).toBe('lost');
    expect(after(lost, again(1_100), make(deadline)).effects).toEqual([
      { do: 'finish', ending: { how: 'given-up', problem: 'no answer' } },
    ]);
  },
);

test('the agent holds a terminal for longer than a client tries, with the time that it takes to notice a loss', () => {
  expect(ATTACH.holdMs).toBeGreaterThan(ATTACH.giveUpMs + 15_000);
});

test('what the agent says is the end, except where it will be back', () => {
  const ended = { reason: 'ended', exit_code: 5 } as const;
  expect(after({ what: 'ended', end: ended, atMs: 5 }).effects).toEqual([
    { do: 'finish', ending: { how: 'told', end: ended } },
  ]);
  for (const reason of ['stopping', 'failed'] as const)
    expect(dials(after({ what: 'ended', end: { reason }, atMs: 5 }).effects)).toEqual([
      { do: 'dial', ask: 'open', afterMs: 200 },
    ]);
});

test('the keys that leave do so only while the connection is lost; a signal always', () => {
  expect(after({ what: 'leave' })).toEqual({ state: connected, effects: [] });
  expect(after(lost, { what: 'leave' }).state).toEqual({ phase: 'over', ending: { how: 'left' } });
  const signal: AttachEvent = { what: 'signal', signal: 'SIGTERM' };
  for (const events of [[signal], [lost, signal]])
    expect(after(...events).state).toEqual({ phase: 'over', ending: { how: 'signal', signal: 'SIGTERM' } });
});

test('after the end nothing happens any more', () => {
  const end: AttachEvent = { what: 'signal', signal: 'SIGHUP' };
  for (const event of [lost, again(9), { what: 'leave' }, { what: 'answered' }] as AttachEvent[])
    expect(after(end, event).effects).toEqual([]);
});

test('a loss that is told twice is one loss', () => {
  expect(after(lost, { ...lost, atMs: 50_000 })).toEqual({ state: after(lost).state, effects: [] });
});
