import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActivityEvidence, decideActivity } from './decide-activity.ts';
import type { ProgramStatus } from './program-status.ts';
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
const status = (state: ProgramStatus['state'], at: number, detail = ''): ProgramStatus => ({
  state,
  detail,
  atMs: seconds(at),
});
const terminal = (lastOutput: number, busySince?: number): NonNullable<ActivityEvidence['terminal']> => ({
  lastOutputMs: seconds(lastOutput),
  lookedAtMs: seconds(100),
  command: 'bash',
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
    'was answered, by its status',
    { container: running, report: report('waiting', 'a yes'), status: status('busy', 80) },
    'working since 80',
  ],
  [
    'was answered just now, by its status',
    { container: running, report: report('waiting', 'a yes'), status: status('busy', 100) },
    'working since 100',
  ],
  [
    'was interrupted, by its status: no hook tells',
    { container: running, report: report('working', 'Bash'), status: status('idle', 80) },
    'waiting since 80: interrupted; waits for what to do next',
  ],
  [
    'was interrupted at its question',
    { container: running, report: report('waiting', 'a yes'), status: status('idle', 80) },
    'waiting since 80: interrupted; waits for what to do next',
  ],
  [
    'still asks, though an agent of its own has reported since',
    {
      container: running,
      report: report('idle'),
      status: status('waiting', 40, 'a yes'),
      statusStands: true,
    },
    'waiting since 40: a yes',
  ],
  [
    'still asks, though an agent of its own works',
    {
      container: running,
      report: report('working', 'Bash'),
      status: status('waiting', 40, 'a yes'),
      statusStands: true,
    },
    'waiting since 40: a yes',
  ],
  [
    'ended its turn, and agents of its own work on',
    { container: running, report: report('idle'), status: status('busy', 40), statusStands: true },
    'working since 40',
  ],
  [
    'ended its turn, and a status that was there before is gone',
    { container: running, report: report('idle'), status: status('busy', 40), statusStands: false },
    'idle since 60',
  ],
  [
    'asks by its hooks, which know more',
    {
      container: running,
      report: report('waiting', 'a yes'),
      status: status('busy', 40),
      statusStands: true,
    },
    'waiting since 60: a yes',
  ],
  [
    'works, and a status of rest from before stands',
    { container: running, report: report('working'), status: status('idle', 40), statusStands: true },
    'working since 60',
  ],
  [
    'at work for long with one tool, by its status too',
    {
      container: running,
      report: report('working', 'Bash'),
      status: status('busy', 10),
      terminal: terminal(61),
    },
    'working since 60: Bash',
  ],
  [
    'its status says the same with fewer words',
    {
      container: running,
      report: report('waiting', 'use Bash?'),
      status: status('waiting', 61, 'permission'),
    },
    'waiting since 60: use Bash?',
  ],
  [
    'its status is news of just now, whose report may come yet',
    { container: running, report: report('working', 'Bash'), status: status('idle', 99.6) },
    'working since 60: Bash',
  ],
  [
    'its turn is over, and then its status',
    { container: running, report: report('idle'), status: status('idle', 61) },
    'idle since 60',
  ],
  [
    'at work again by itself, which no hook tells',
    { container: running, report: report('idle'), status: status('busy', 80) },
    'working since 80',
  ],
  [
    'hooks that somebody took out, and a status',
    { container: running, status: status('waiting', 80, 'input needed') },
    'waiting since 80: input needed',
  ],
  [
    'hooks that somebody took out, at rest',
    { container: running, status: status('idle', 80) },
    'idle since 80',
  ],
  [
    'a status of the run before',
    { container: running, report: report('working', 'Bash'), status: status('idle', -60) },
    'working since 60: Bash',
  ],
  [
    'draws at its question, and its status knows that nobody answered',
    {
      container: running,
      report: report('waiting', 'a yes'),
      status: status('waiting', 61),
      terminal: terminal(99, 80),
    },
    'waiting since 60: a yes',
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
    'found dead by Docker',
    { container: { ...running, running: false, endedAt: iso(seconds(90)), exitCode: 255 } },
    'exited since 90: exit code 255, as after a power cut',
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

test.each([
  ['report', { report: report('waiting', 'a yes', -3_000) }, 'waiting since -3000: a yes'],
  ['status', { status: status('busy', -3_000) }, 'working since -3000'],
])('after the clock was set back past its start a %s counts all the same', (_, told, expected) => {
  expect(decide({ container: running, ...told }, -2_990)).toBe(expected);
});

test('what decided is what counts', () => {
  const decision = decideActivity(
    { container: running, report: report('working'), status: status('idle', 80), terminal: terminal(81) },
    seconds(100),
  );
  expect(decision?.evidence.filter(({ counts }) => counts)).toEqual([
    { source: 'process', says: 'its status is: idle', at: iso(seconds(80)), counts: true },
  ]);
});

test('some evidence always counts, and what it says is in words', () => {
  const states = fc.constantFrom('working', 'waiting', 'idle', 'exited') satisfies fc.Arbitrary<
    Report['state']
  >;
  const time = fc.integer({ min: -500, max: 500 });
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.option(fc.tuple(states, time)),
      fc.option(time),
      fc.option(fc.tuple(fc.constantFrom('busy', 'waiting', 'idle'), time)),
      (runs, told, shown, noted) => {
        const decision = decideActivity(
          {
            container: { ...running, running: runs },
            report: told ? report(told[0], '', told[1]) : undefined,
            status: noted ? status(noted[0], noted[1]) : undefined,
            terminal: shown === null ? undefined : terminal(shown),
          },
          seconds(500),
        );
        expect(decision?.evidence.some(({ counts }) => counts)).toBe(true);
        expect(decision?.evidence.every(({ says }) => says.length > 3)).toBe(true);
        if (!runs) expect(decision?.activity.state).toBe('exited');
      },
    ),
  );
});
