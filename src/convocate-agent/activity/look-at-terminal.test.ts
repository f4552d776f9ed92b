import { expect, test } from 'vitest';
import { makeAgentFixture, sessionThatIs } from '../sessions/agent-fixture.ts';
import type { TerminalEvidence } from './decide-activity.ts';
import { dueLook } from './due-look.ts';
import { comparedWith, lookAtTerminal } from './look-at-terminal.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');

test('tmux says when it last showed something and what runs in it', async () => {
  using fixture = makeAgentFixture();
  const id = await sessionThatIs(fixture, 'running');
  fixture.docker.script('tmux', { exitCode: 0, output: `${NOW / 1000 - 3} node\n` });
  expect(await lookAtTerminal(fixture.agent, id)).toEqual({
    lastOutputMs: NOW - 3_000,
    lookedAtMs: NOW,
    command: 'node',
  });
});

test.each([
  ['no server', 1, 'no server running on /run/convocate-session/tmux.sock\n'],
  ['nonsense', 0, 'yesterday node\n'],
])('%s tells nothing', async (_, exitCode, output) => {
  using fixture = makeAgentFixture();
  const id = await sessionThatIs(fixture, 'running');
  fixture.docker.script('tmux', { exitCode, output });
  expect(await lookAtTerminal(fixture.agent, id)).toBeUndefined();
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

test('a look is due where the report does not say all', () => {
  const at = (state: 'working' | 'waiting' | 'idle', agoMs: number): number | undefined =>
    dueLook({ report: { state, detail: '', atMs: NOW - agoMs } }, NOW);
  expect(dueLook({}, NOW)).toBe(15_000);
  expect(at('waiting', 0)).toBe(5_000);
  expect(at('idle', 99_999)).toBeUndefined();
  expect(at('working', 1_000)).toBeUndefined();
  expect(at('working', 31_000)).toBe(15_000);
});
