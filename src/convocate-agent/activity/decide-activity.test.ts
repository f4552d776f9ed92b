import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActivityEvidence, decideActivity } from './decide-activity.ts';
import type { Report } from './report-file.ts';

const START = Date.parse('2026-01-01T10:00:00.000Z');
const seconds = (count: number): number => START + count * 1_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const running = { running: true, startedAt: iso(START) };
const report = (state: Report['state'], detail = '', at = 60): Report => ({
  state,
  detail,
  atMs: seconds(at),
});
const terminal = (lastOutput: number, busySince?: number): NonNullable<ActivityEvidence['terminal']> => ({
  lastOutputMs: seconds(lastOutput),
  lookedAtMs: seconds(100),
  command: 'bash',
  atRest: false,
  ...(busySince !== undefined && { busySinceMs: seconds(busySince) }),
});

const decide = (seen: ActivityEvidence, at = 100): string | undefined => {
  const decision = decideActivity(seen, seconds(at));
  if (!decision) return undefined;
  const { state, since, detail } = decision.activity;
  return `${state} since ${(Date.parse(since) - START) / 1_000}${detail && `: ${detail}`}`;
};

test.each<[string, ActivityEvidence, string | undefined]>([
  ['never run', { container: undefined }, undefined],
  ['made, not started', { container: { running: false, startedAt: '' } }, undefined],
  ['it reports nothing', { container: running }, 'unknown since 0'],
  ['at work', { container: running, report: report('working', 'Bash') }, 'working since 60: Bash'],
  ['asks', { container: running, report: report('waiting', 'a yes') }, 'waiting since 60: a yes'],
  [
    'asks, and the terminal is quiet',
    { container: running, report: report('waiting'), terminal: terminal(61) },
    'waiting since 60',
  ],
  [
    'was answered: its terminal goes on',
    { container: running, report: report('waiting'), terminal: terminal(99, 80) },
    'working since 80',
  ],
  [
    'was interrupted: no hook, and its title is at rest',
    {
      container: running,
      report: report('working', 'Bash'),
      terminal: { ...terminal(70), atRest: true, restSinceMs: seconds(70) },
    },
    'waiting since 70: interrupted; waits for what to do next',
  ],
  [
    'at rest, as it reported',
    {
      container: running,
      report: report('idle'),
      terminal: { ...terminal(70), atRest: true, restSinceMs: seconds(70) },
    },
    'idle since 60',
  ],
  ['its turn is over', { container: running, report: report('idle') }, 'idle since 60'],
  [
    'at work and quiet for long',
    { container: running, report: report('working', 'Bash', -0.5), terminal: terminal(-300) },
    'working since 0: Bash',
  ],
  [
    'a report of the run before',
    { container: running, report: report('waiting', '', -60) },
    'unknown since 0',
  ],
  [
    'ended',
    {
      container: { ...running, running: false, endedAt: iso(seconds(90)), exitCode: 3 },
      report: report('working'),
    },
    'exited since 90: exit code 3',
  ],
  [
    'killed for want of memory',
    { container: { ...running, running: false, endedAt: iso(seconds(90)), exitCode: 137, oomKilled: true } },
    'exited since 90: out of memory, exit code 137',
  ],
])('%s', (_, seen, expected) => {
  expect(decide(seen)).toBe(expected);
});

test('one that works and shows nothing for minutes is told with that', () => {
  const seen = { container: running, report: report('working', 'Bash'), terminal: terminal(60) };
  expect(decide(seen, 400)).toBe('working since 60: Bash, quiet for 5 min');
});

test('some evidence always counts, and what it says is in words', () => {
  const states = fc.constantFrom('working', 'waiting', 'idle', 'exited') satisfies fc.Arbitrary<
    Report['state']
  >;
  const time = fc.integer({ min: -500, max: 500 });
  fc.assert(
    fc.property(fc.boolean(), fc.option(fc.tuple(states, time)), fc.option(time), (runs, told, shown) => {
      const decision = decideActivity(
        {
          container: { ...running, running: runs },
          report: told ? report(told[0], '', told[1]) : undefined,
          terminal: shown === null ? undefined : terminal(shown),
        },
        seconds(500),
      );
      expect(decision?.evidence.some(({ counts }) => counts)).toBe(true);
      expect(decision?.evidence.every(({ says }) => says.length > 3)).toBe(true);
      if (!runs) expect(decision?.activity.state).toBe('exited');
    }),
  );
});
