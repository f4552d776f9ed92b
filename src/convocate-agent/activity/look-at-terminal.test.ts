import { expect, test } from 'vitest';
import { makeAgentFixture, sessionThatIs } from '../sessions/agent-fixture.ts';
import type { TerminalEvidence } from './decide-activity.ts';
import { dueLook } from './due-look.ts';
import { comparedWith, lookAtTerminal } from './look-at-terminal.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');

test('tmux says when it last showed something and what runs in it', async () => {
  using fixture = makeAgentFixture();
  const id = await sessionThatIs(fixture, 'running');
  fixture.docker.script('timeout', { exitCode: 0, output: `${NOW / 1000 - 3} node\r\n` });
  const seen = { lastOutputMs: NOW - 3_000, lookedAtMs: NOW, command: 'node' };
  expect(await lookAtTerminal(fixture.agent, id)).toEqual(seen);
});

test.each([
  ['no server', 1, 'no server running on /run/convocate-session/tmux.sock\n'],
  ['nonsense', 0, 'yesterday node\n'],
])('%s tells nothing', async (_, exitCode, output) => {
  using fixture = makeAgentFixture();
  const id = await sessionThatIs(fixture, 'running');
  fixture.docker.script('timeout', { exitCode, output });
  expect(await lookAtTerminal(fixture.agent, id)).toBeUndefined();
});

test('a look takes no longer, and reads no more, than it is worth', async () => {
  using fixture = makeAgentFixture();
  const id = await sessionThatIs(fixture, 'running');
  const bounds: unknown[] = [];
  fixture.docker.script('timeout', ({ timeoutMs, mostBytes }) => {
    bounds.push([timeoutMs, mostBytes]);
    return { exitCode: 0, output: 'y\n'.repeat(3_000) };
  });
  await expect(lookAtTerminal(fixture.agent, id)).rejects.toMatchObject({ code: 'docker' });
  await expect(lookAtTerminal(fixture.agent, id, 3_000)).rejects.toMatchObject({ code: 'docker' });
  expect(bounds).toEqual([
    [5_000, 4_096],
    [3_000, 4_096],
  ]);
});

const look = (agoMs: number, lookedAtMs = NOW): TerminalEvidence => ({
  lastOutputMs: lookedAtMs - agoMs,
  lookedAtMs,
  command: 'node',
});

test('output that goes on over two looks, well after the question, is work since the first', () => {
  const first = comparedWith(undefined, look(1_000, NOW - 5_000), NOW - 20_000);
  expect(first.busySinceMs).toBeUndefined();
  const second = comparedWith(first, look(500), NOW - 20_000);
  expect(second.busySinceMs).toBe(NOW - 6_000);
  expect(comparedWith(second, look(800, NOW + 5_000), NOW - 20_000).busySinceMs).toBe(NOW - 6_000);
  expect(comparedWith(second, look(9_000, NOW + 5_000), NOW - 20_000).busySinceMs).toBeUndefined();
});

test('what the question itself drew is not work', () => {
  const first = comparedWith(undefined, look(500, NOW - 5_000), NOW - 6_000);
  expect(comparedWith(first, look(4_000), NOW - 6_000).busySinceMs).toBeUndefined();
});

test('a look is due where its own words do not say all', () => {
  const startedAt = new Date(NOW - 100_000).toISOString();
  const at = (state: 'working' | 'waiting' | 'idle', agoMs: number): number | undefined =>
    dueLook({ report: { state, detail: '', atMs: NOW - agoMs } }, startedAt, NOW);
  expect(dueLook({}, startedAt, NOW)).toBe(15_000);
  expect(at('waiting', 0)).toBe(5_000);
  expect(at('idle', 99_999)).toBeUndefined();
  expect(at('idle', 100_500)).toBeUndefined(); // the clocks are not read at one moment
  expect(at('working', 1_000)).toBeUndefined();
  expect(at('working', 31_000)).toBe(15_000);
  // What the run before reported says nothing of this one.
  expect(at('idle', 102_000)).toBe(15_000);
  expect(at('waiting', 102_000)).toBe(15_000);
});

test('no look is due for what a status tells', () => {
  const startedAt = new Date(NOW - 100_000).toISOString();
  const status = { state: 'waiting', detail: '', atMs: NOW - 90_000 } as const;
  const report = { state: 'waiting', detail: 'a yes', atMs: NOW - 90_000 } as const;
  expect(dueLook({ status }, startedAt, NOW)).toBeUndefined();
  expect(dueLook({ report, status }, startedAt, NOW)).toBeUndefined();
  expect(dueLook({ report, status: { ...status, atMs: NOW - 200_000 } }, startedAt, NOW)).toBe(5_000);
});
