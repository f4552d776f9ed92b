import { describe, expect, test } from 'vitest';
import { humanReporter, jsonReporter } from './reporter.ts';

/** An output that keeps what was written, and a clock that is moved by hand. */
function stage(isTerminal: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const out = { write: (text: string) => void written.push(text), isTerminal };
  return { written, clock, out, now: () => clock.ms };
}

describe('for people', () => {
  test('steps, notes, warnings and the outcome are lines with the host before them', () => {
    const { written, out, now } = stage(false);
    const reporter = humanReporter('agent-a', out, now);
    reporter.step('activating');
    reporter.note('systemctl daemon-reload');
    reporter.warn('an old image');
    reporter.result({ outcome: 'updated' }, 'updated to v2');
    expect(written).toEqual([
      'agent-a  activating\n',
      'agent-a    systemctl daemon-reload\n',
      'agent-a    warning: an old image\n',
      'agent-a  updated to v2\n',
    ]);
  });

  test('a transfer is one line at its end where lines cannot be written over', () => {
    const { written, clock, out, now } = stage(false);
    const reporter = humanReporter('agent-a', out, now);
    reporter.transfer('runtime/node', 1_000_000, 4_000_000);
    clock.ms = 1500;
    reporter.transfer('runtime/node', 2_000_000, 4_000_000);
    clock.ms = 3000;
    reporter.transfer('runtime/node', 4_000_000, 4_000_000);
    expect(written).toEqual(['agent-a    sent runtime/node: 4 MB in 3.0 s\n']);
  });

  test('a transfer is drawn in place on a terminal, ten times a second at most, with rate and time left', () => {
    const { written, clock, out, now } = stage(true);
    const reporter = humanReporter('agent-a', out, now);
    const move = (ms: number, sent: number): void => {
      clock.ms = ms;
      reporter.transfer('runtime/node', sent, 4_000_000);
    };
    move(0, 100_000); // left on the host by an earlier run: no part of this one's speed
    move(99, 900_000);
    move(1000, 1_100_000);
    move(1050, 1_200_000);
    move(2000, 4_000_000);
    expect(written).toEqual([
      '\r\u001b[Kagent-a    runtime/node: 100 kB of 4 MB, 0 B/s, starting',
      '\r\u001b[Kagent-a    runtime/node: 1.1 MB of 4 MB, 1 MB/s, 3 s left',
      '\r\u001b[Kagent-a    sent runtime/node: 4 MB in 2.0 s\n',
    ]);
  });

  test('the next transfer has a clock of its own', () => {
    const { written, clock, out, now } = stage(false);
    const reporter = humanReporter('agent-a', out, now);
    clock.ms = 5000;
    reporter.transfer('one', 10, 10);
    clock.ms = 9000;
    reporter.transfer('two', 5, 10);
    clock.ms = 10_000;
    reporter.transfer('two', 10, 10);
    expect(written).toEqual(['agent-a    sent one: 10 B in 0.0 s\n', 'agent-a    sent two: 10 B in 1.0 s\n']);
  });
});

test('for machines: one JSON object a line; transfers ten times a second at most, their end always', () => {
  const { written, clock, out, now } = stage(false);
  const reporter = jsonReporter('agent-a', out, now);
  reporter.step('activating');
  reporter.note('a');
  reporter.warn('b');
  for (const [ms, sent] of [
    [0, 1],
    [50, 2],
    [99, 3],
    [100, 4],
    [110, 10],
  ] as const) {
    clock.ms = ms;
    reporter.transfer('x', sent, 10);
  }
  reporter.result({ outcome: 'updated', version: 'v2' }, 'text for people');
  expect(written.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
    { event: 'step', host: 'agent-a', title: 'activating' },
    { event: 'note', host: 'agent-a', text: 'a' },
    { event: 'warning', host: 'agent-a', text: 'b' },
    { event: 'transfer', host: 'agent-a', what: 'x', sent: 1, total: 10 },
    { event: 'transfer', host: 'agent-a', what: 'x', sent: 4, total: 10 },
    { event: 'transfer', host: 'agent-a', what: 'x', sent: 10, total: 10 },
    { event: 'result', host: 'agent-a', outcome: 'updated', version: 'v2' },
  ]);
});
