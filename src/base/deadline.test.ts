import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeadlineError, allOrAbort, pause, pollUntil, withDeadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('withDeadline', () => {
  test('gives what came in time and leaves no timer behind', async () => {
    expect(await withDeadline(Promise.resolve('answer'), 1000, 'it')).toBe('answer');
    await expect(withDeadline(Promise.reject(new Error('no')), 1000, 'it')).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends a wait that would not end, saying for what and how long', async () => {
    const waiting = withDeadline(new Promise(() => {}), 2500, 'opening convocate-status');
    const failed = expect(waiting).rejects.toThrow(new DeadlineError('opening convocate-status', 2500));
    await vi.advanceTimersByTimeAsync(2500);
    await failed;
    expect(new DeadlineError('opening convocate-status', 2500).message).toBe(
      'opening convocate-status did not finish within 2.5 s',
    );
  });

  test('does not end one before its time', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = withDeadline(promise, 1000, 'it');
    await vi.advanceTimersByTimeAsync(999);
    resolve('just in time');
    expect(await waiting).toBe('just in time');
  });
});

describe('pollUntil', () => {
  const options = { timeoutMs: 1000, intervalMs: 300, what: 'the agent' };

  test('asks at once, then at every interval, until there is a value', async () => {
    const answers = [undefined, undefined, 0];
    const askedAt: number[] = [];
    const startedAt = performance.now();
    const polling = pollUntil(() => {
      askedAt.push(performance.now() - startedAt);
      return Promise.resolve(answers.shift());
    }, options);
    await vi.advanceTimersByTimeAsync(600);
    expect(await polling).toBe(0);
    expect(askedAt).toEqual([0, 300, 600]);
  });

  test('gives up after its time, having asked once more at its end', async () => {
    let asked = 0;
    const polling = pollUntil(() => {
      asked += 1;
      return Promise.resolve(undefined);
    }, options);
    const failed = expect(polling).rejects.toThrow(new DeadlineError('the agent', 1000));
    await vi.advanceTimersByTimeAsync(1200);
    await failed;
    expect(asked).toBe(5);
  });

  test('passes on what the probe throws', async () => {
    await expect(pollUntil(() => Promise.reject(new Error('broken')), options)).rejects.toThrow('broken');
  });

  test('asks no more once it is aborted, and leaves no timer', async () => {
    const abort = new AbortController();
    let asked = 0;
    const polling = pollUntil(
      () => {
        asked += 1;
        return Promise.resolve(undefined);
      },
      { ...options, signal: abort.signal },
    );
    const failed = expect(polling).rejects.toThrow('not needed any more');
    await vi.advanceTimersByTimeAsync(400);
    abort.abort(new Error('not needed any more'));
    await failed;
    expect(asked).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('allOrAbort', () => {
  test('tells the others when one fails: a soak that nobody waits for is over', async () => {
    const aborted: boolean[] = [];
    const failing = allOrAbort((signal) => [
      pause(60_000, signal).then(() => aborted.push(signal.aborted)),
      Promise.reject(new Error('does not run')),
      pause(120_000, signal).then(() => aborted.push(signal.aborted)),
    ]);
    await expect(failing).rejects.toThrow('does not run');
    await vi.advanceTimersByTimeAsync(0);
    expect(aborted).toEqual([true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits for all of them', async () => {
    let done = false;
    const waiting = allOrAbort((signal) => [undefined, pause(1000, signal), pause(2000, signal)]).then(
      () => (done = true),
    );
    await vi.advanceTimersByTimeAsync(1999);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(done).toBe(true);
  });
});
