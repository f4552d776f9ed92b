import { expect, test, vi } from 'vitest';
import { whileSignalled } from './while-signalled.ts';

function work(): {
  readonly told: string[];
  readonly ended: AbortController;
  readonly begin: () => Promise<string>;
} {
  const told: string[] = [];
  const ended = new AbortController();
  return {
    told,
    ended,
    begin: async () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const onEnd = (signal: NodeJS.Signals): void => {
        told.push(signal);
        resolve('over');
      };
      return await whileSignalled({ onEnd, onResize: vi.fn() }, ended.signal, promise);
    },
  };
}

test.each([
  ['SIGHUP', () => process.emit('SIGHUP', 'SIGHUP')],
  ['SIGTERM', (ended: AbortController) => ended.abort()],
])('%s is passed on, and nothing of it afterwards', async (signal, happen) => {
  const before = process.listenerCount('SIGHUP');
  const { told, ended, begin } = work();
  const over = begin();
  happen(ended);
  await over;
  expect(told).toEqual([signal]);
  expect(process.listenerCount('SIGHUP')).toBe(before);
  ended.abort();
  expect(told).toEqual([signal]);
});

test('who had to end before it began ends it at once', async () => {
  const { told, ended, begin } = work();
  ended.abort();
  await begin();
  expect(told).toEqual(['SIGTERM']);
});
