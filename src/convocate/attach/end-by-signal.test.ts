import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endBySignal } from './end-by-signal.ts';
import { whileSignalled } from './while-signalled.ts';

let steps: string[];

beforeEach(() => {
  steps = [];
  vi.spyOn(process, 'kill').mockImplementation((_pid, signal) => {
    steps.push(`killed by ${String(signal)}`);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
  '%s restores first, and is never held up twice',
  (signal) => {
    const before = process.listenerCount(signal);
    using _ends = endBySignal(() => {
      steps.push('restored');
      expect(process.listenerCount(signal)).toBe(before);
    });
    process.emit(signal, signal);
    expect(steps).toEqual(['restored', `killed by ${signal}`]);
  },
);

test('a signal that is passed on is left to whoever it is passed to; the next one is not', async () => {
  using _ends = endBySignal(() => steps.push('restored'));
  const { promise, resolve } = Promise.withResolvers<void>();
  const onEnd = (signal: NodeJS.Signals): void => {
    steps.push(`told of ${signal}`);
    resolve();
  };
  const work = whileSignalled({ onEnd, onResize: () => {} }, undefined, promise);
  process.emit('SIGTERM', 'SIGTERM');
  await work;
  expect(steps).toEqual(['told of SIGTERM']);
  process.emit('SIGTERM', 'SIGTERM');
  expect(steps).toEqual(['told of SIGTERM', 'restored', 'killed by SIGTERM']);
});

test('when it is over, signals do what they did before', () => {
  const before = process.listenerCount('SIGTERM');
  {
    using _ends = endBySignal(() => steps.push('restored'));
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
  }
  expect(process.listenerCount('SIGTERM')).toBe(before);
});
