import { beforeEach, describe, expect, test } from 'vitest';
import { UNKNOWN_USAGE } from './unit-usage.ts';
import { type RunningContainer, SessionMeter, scopeOf } from './session-meter.ts';

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');
const second = 1e9;

function container(id: string, startedAt = '2025-12-31T00:00:00Z'): RunningContainer {
  return { uuid: `uuid-of-${id}`, id, startedAt };
}

function usageOf(counted: Record<string, number | null>): Map<string, typeof UNKNOWN_USAGE> {
  return new Map(
    Object.entries(counted).map(([id, cpu]) => [
      scopeOf(id),
      { ...UNKNOWN_USAGE, memory_bytes: 4096, cpu_usage_ns: cpu },
    ]),
  );
}

let meter: SessionMeter;
beforeEach(() => {
  meter = new SessionMeter();
});

describe('what a session uses of a core', () => {
  test('is counted from the time before, so that the first time tells nothing', () => {
    expect(meter.measure([container('a')], usageOf({ a: 500 * second }), START_MS)).toEqual([]);
    expect(meter.measure([container('a')], usageOf({ a: 502.5 * second }), START_MS + 10_000)).toEqual([
      { id: 'uuid-of-a', memory_bytes: 4096, cpu_percent: 25 },
    ]);
    expect(meter.measure([container('a')], usageOf({ a: 522.5 * second }), START_MS + 20_000)).toEqual([
      { id: 'uuid-of-a', memory_bytes: 4096, cpu_percent: 200 },
    ]);
  });

  test('of one that has started since, from its start', () => {
    meter.measure([], usageOf({}), START_MS);
    const late = container('b', '2026-01-01T00:00:06Z');
    expect(meter.measure([late], usageOf({ b: second }), START_MS + 10_000)).toMatchObject([
      { cpu_percent: 25 },
    ]);
  });

  test('a new container of the same session is not counted against the old one', () => {
    meter.measure([container('a')], usageOf({ a: 500 * second }), START_MS);
    const next = { ...container('c', '2026-01-01T00:00:08Z'), uuid: 'uuid-of-a' };
    expect(meter.measure([next], usageOf({ c: second }), START_MS + 10_000)).toMatchObject([
      { id: 'uuid-of-a', cpu_percent: 50 },
    ]);
  });

  test('is left out where systemd does not count it, or the clock was set back', () => {
    meter.measure([container('a'), container('b')], usageOf({ a: 1, b: 1 }), START_MS);
    expect(meter.measure([container('a'), container('b')], usageOf({ a: null }), START_MS + 1)).toEqual([]);
    meter.measure([container('a')], usageOf({ a: 1 }), START_MS);
    expect(meter.measure([container('a')], usageOf({ a: 2 }), START_MS - 5)).toEqual([]);
  });
});
