import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeLast } from './write-last.ts';

beforeEach(() =>
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => vi.useRealTimers());

/** A terminal that takes one chunk whenever the test says so. */
function slowTerminal(): { terminal: Writable; taken: string[]; take: () => Promise<void> } {
  const taken: string[] = [];
  let done: (() => void) | undefined;
  const terminal = new Writable({
    highWaterMark: 1,
    write: (bytes: Buffer, _encoding, callback) => {
      done = () => {
        taken.push(bytes.toString());
        callback();
      };
    },
  });
  const take = async (): Promise<void> => {
    done?.();
    await settle();
  };
  return { terminal, taken, take };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function watched(work: Promise<void>): () => boolean {
  let isOver = false;
  void work.then(() => (isOver = true));
  return () => isOver;
}

test('a slow terminal gets its last bytes, however long it takes for each chunk before them', async () => {
  const { terminal, taken, take } = slowTerminal();
  for (const flood of ['a', 'b', 'c', 'd']) terminal.write(flood);
  const isOver = watched(writeLast(terminal, 'last'));
  for (let chunk = 0; chunk < 4; chunk += 1) {
    await take();
    vi.advanceTimersByTime(4_000);
    await settle();
    expect(isOver()).toBe(false);
  }
  await take();
  expect([isOver(), taken.at(-1)]).toEqual([true, 'last']);
});

test('one that takes nothing any more keeps nobody', async () => {
  const { terminal } = slowTerminal();
  const isOver = watched(writeLast(terminal, 'last'));
  vi.advanceTimersByTime(3_999);
  await settle();
  expect(isOver()).toBe(false);
  vi.advanceTimersByTime(1);
  await settle();
  expect(isOver()).toBe(true);
});

test('nor one that takes a little for ever', async () => {
  const { terminal, take } = slowTerminal();
  for (let chunk = 0; chunk < 20; chunk += 1) terminal.write('flood');
  const isOver = watched(writeLast(terminal, 'last'));
  for (let second = 0; second < 30; second += 3) {
    expect(isOver()).toBe(false);
    await take();
    vi.advanceTimersByTime(3_000);
    await settle();
  }
  expect(isOver()).toBe(true);
});
