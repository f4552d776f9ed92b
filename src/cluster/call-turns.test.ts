import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CallTurns } from './call-turns.ts';

let turns: CallTurns;
/** What is under way, and what ends it. */
let running: Map<string, () => void>;

beforeEach(() => {
  vi.useFakeTimers();
  turns = new CallTurns('one', 2, 2);
  running = new Map();
});
afterEach(() => vi.useRealTimers());

/** How the call `name` ended, or what refused it. */
function call(name: string, signal?: AbortSignal): Promise<string> {
  const task = async (): Promise<string> => {
    await new Promise<void>((resolve) => running.set(name, resolve));
    running.delete(name);
    return `${name} is done`;
  };
  return turns.run(task, { waitMs: 60_000, signal }).catch((error: Error) => error.message);
}

async function end(name: string): Promise<void> {
  running.get(name)?.();
  await vi.advanceTimersByTimeAsync(0);
}

function names(): string {
  return [...running.keys()].join();
}

describe('calls beyond the most that may be under way', () => {
  test('wait for their turn, first come, first served', async () => {
    const all = Promise.all(['a', 'b', 'c', 'd'].map((name) => call(name)));
    expect(names()).toBe('a,b');
    await end('b');
    expect(names()).toBe('a,c');
    const late = call('e');
    await end('a');
    expect(names()).toBe('c,d');
    expect(turns.running).toBe(2);
    for (const name of ['c', 'd', 'e']) await end(name);
    expect(await all).toEqual(['a is done', 'b is done', 'c is done', 'd is done']);
    expect(await late).toBe('e is done');
    expect(turns.running).toBe(0);
  });

  test('get their turn from one that fails, too', async () => {
    const failing = turns.run(() => Promise.reject(new Error('no')), { waitMs: 1 });
    void call('a');
    const last = call('b');
    await expect(failing).rejects.toThrow('no');
    expect(names()).toBe('a,b');
    await end('b');
    expect(await last).toBe('b is done');
  });

  test('are refused where too many wait already', async () => {
    for (const name of ['a', 'b', 'c', 'd']) void call(name);
    expect(await call('e')).toBe('2 calls to one are under way, and 2 more wait');
  });

  test('are refused, and never begin, after their time', async () => {
    void call('a');
    void call('b');
    const late = call('c');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await late).toBe('2 calls to one are under way, and none ended within 60 s');
    await end('a');
    expect(names()).toBe('b');
    expect(turns.running).toBe(1);
  });

  test('lose their place when nobody wants them any more; one that has begun goes on', async () => {
    const gone = new AbortController();
    const begun = call('a', gone.signal);
    void call('b');
    const waiting = call('c', gone.signal);
    const next = call('d');
    gone.abort();
    expect(await waiting).toBe('2 calls to one are under way, and nobody waits for this one any more');
    expect(await call('e', gone.signal)).toBe('2 calls to one are under way, and nobody waits for this one');
    await end('a');
    expect(await begun).toBe('a is done');
    expect(names()).toBe('b,d');
    await end('d');
    expect(await next).toBe('d is done');
  });
});
