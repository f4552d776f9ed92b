import { afterEach, expect, test } from 'vitest';
import type { StatusEventBody } from '../../protocol/status-events.ts';
import type { SliceUsage } from '../../protocol/usage.ts';
import { startHeartbeat } from './heartbeat.ts';
import { UNKNOWN_USAGE } from './unit-usage.ts';

const SLICE = 'convocate-sessions.slice';
let beats: StatusEventBody[] = [];
let stop = (): void => {};
afterEach(() => {
  stop();
  beats = [];
});

function start(docker: { up: boolean }, usage: (seconds: number) => Map<string, SliceUsage>): string[][] {
  const asked: string[][] = [];
  stop = startHeartbeat({
    publish: (event) => beats.push(event),
    slice: SLICE,
    running: () => (docker.up ? [{ uuid: 'one', id: 'c1', startedAt: '' }] : undefined),
    readUnits: async (units) => {
      asked.push([...units]);
      return usage(asked.length);
    },
    now: () => asked.length * 1000,
    intervalMs: 1,
  });
  return asked;
}

test('tells what the host has left, what all sessions use, and each that runs', async () => {
  const asked = start({ up: true }, (seconds) => {
    const each = { ...UNKNOWN_USAGE, memory_bytes: 5, cpu_usage_ns: seconds * 5e8 };
    return new Map<string, SliceUsage>([
      [SLICE, { ...UNKNOWN_USAGE, tasks: 3 }],
      ['docker-c1.scope', each],
    ]);
  });
  await expect.poll(() => beats.length).toBeGreaterThan(0);
  expect(beats[0]).toMatchObject({
    type: 'agent.heartbeat',
    data: {
      load: [expect.any(Number), expect.any(Number), expect.any(Number)],
      slice: { tasks: 3, memory_bytes: null },
      host: { cpus: expect.any(Number) },
      sessions: [{ id: 'one', memory_bytes: 5, cpu_percent: 50 }],
    },
  });
  expect(asked[0]).toEqual([SLICE, 'docker-c1.scope']);
});

test('where systemd says nothing it beats all the same; while Docker is down it tells of no session', async () => {
  const docker = { up: true };
  start(docker, () => new Map());
  await expect.poll(() => beats.length).toBeGreaterThan(0);
  expect(beats[0]).toMatchObject({ data: { slice: UNKNOWN_USAGE, sessions: [] } });
  docker.up = false;
  await expect.poll(() => beats.at(-1)).not.toHaveProperty('data.sessions');
});
