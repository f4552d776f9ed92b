import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Activity } from '../../protocol/activity.ts';
import { ActivityTeller } from './activity-teller.ts';

let nowMs: number;
let told: string[];
let activity: Activity | undefined;
let teller: ActivityTeller;

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 0;
  told = [];
  activity = undefined;
  teller = new ActivityTeller(
    () => told.push(`${activity?.state} ${activity?.detail}`),
    () => nowMs,
  );
});
afterEach(() => {
  teller[Symbol.dispose]();
  vi.useRealTimers();
});

function is(state: Activity['state'], detail = '', lastOutput = ''): void {
  activity = { state, since: 'then', detail, ...(lastOutput && { last_output_at: lastOutput }) };
  teller.consider('a', () => activity);
}

function pass(ms: number): void {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
}

test('what is new is told at once, what is not is not told', () => {
  is('working');
  is('working');
  expect(told).toEqual(['working ']);
});

test('of many changes in a moment the last one is told, and no more than five a second', () => {
  for (let count = 0; count < 100; count += 1) {
    is(count % 2 === 0 ? 'working' : 'waiting', String(count));
    pass(10);
  }
  pass(1_000);
  expect(told.at(-1)).toBe('waiting 99');
  expect(told.length).toBeLessThanOrEqual(7);
});

test('new output alone is told every 15 s', () => {
  is('unknown', '', 't0');
  for (let count = 1; count <= 30; count += 1) {
    pass(1_000);
    is('unknown', '', `t${count}`);
  }
  expect(told).toHaveLength(3);
});
