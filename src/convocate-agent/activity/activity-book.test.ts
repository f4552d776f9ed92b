import { expect, test } from 'vitest';
import { ActivityBook } from './activity-book.ts';
import type { Report } from './report-file.ts';

const START = Date.parse('2026-01-01T10:00:00.000Z');
const container = { running: true, startedAt: new Date(START).toISOString() };
const report = (state: Report['state'], atS: number, detail = ''): Report => ({
  state,
  detail,
  atMs: START + atS * 1_000,
});

test('a state is old as its first report, however often it is reported again', () => {
  const book = new ActivityBook(() => START + 100_000);
  const since = (): string | undefined => book.activityOf('a', container)?.since;
  book.note('a', { report: report('working', 10) });
  book.note('a', { report: report('working', 20, 'Bash') });
  expect(since()).toBe('2026-01-01T10:00:10.000Z');
  expect(book.activityOf('a', container)?.detail).toBe('Bash');
  book.note('a', { terminal: { lastOutputMs: START, lookedAtMs: START, command: 'node' } });
  expect(since()).toBe('2026-01-01T10:00:10.000Z');
  book.note('a', { report: report('idle', 30) });
  book.note('a', { report: report('working', 40) });
  expect(since()).toBe('2026-01-01T10:00:40.000Z');
});

test('a question that was answered, as the status says, and asked again is as old as the second one', () => {
  const book = new ActivityBook(() => START + 100_000);
  const status = { state: 'busy', detail: '', atMs: START + 20_000 } as const;
  book.note('a', { report: report('waiting', 10) });
  book.note('a', { report: report('waiting', 12), status: { ...status, state: 'waiting' } });
  expect(book.activityOf('a', container)?.since).toBe('2026-01-01T10:00:10.000Z');
  book.note('a', { status });
  expect(book.activityOf('a', container)).toMatchObject({
    state: 'working',
    since: '2026-01-01T10:00:20.000Z',
  });
  book.note('a', { report: report('waiting', 30), status });
  expect(book.activityOf('a', container)).toMatchObject({
    state: 'waiting',
    since: '2026-01-01T10:00:30.000Z',
  });
});

test('and so it is where its status tells of the second one first, as Claude Code does', () => {
  const book = new ActivityBook(() => START + 100_000);
  const status = (state: 'busy' | 'waiting', atS: number) => ({
    state,
    detail: '',
    atMs: START + atS * 1_000,
  });
  const asked = report('waiting', 10);
  book.note('a', { report: asked, status: status('waiting', 10) });
  book.note('a', { report: asked, status: status('busy', 20) });
  book.note('a', { report: asked, status: status('waiting', 30) });
  book.note('a', { terminal: { lastOutputMs: START, lookedAtMs: START, command: 'node' } });
  expect(book.activityOf('a', container)?.since).toBe('2026-01-01T10:00:30.000Z');
  book.note('a', { report: report('waiting', 31), status: status('waiting', 30) });
  expect(book.activityOf('a', container)).toMatchObject({
    state: 'waiting',
    since: '2026-01-01T10:00:30.000Z',
  });
});

test('what was forgotten is unknown', () => {
  const book = new ActivityBook(() => START);
  book.note('a', { report: report('working', 1) });
  book.forget('a');
  expect(book.activityOf('a', container)?.state).toBe('unknown');
});
