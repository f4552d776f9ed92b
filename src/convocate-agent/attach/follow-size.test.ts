import { expect, test } from 'vitest';
import { SizeFollower } from './follow-size.ts';

test('in order, one at a time, and of those that come meanwhile only the last', async () => {
  const applied: string[] = [];
  const waiting: (() => void)[] = [];
  const follower = new SizeFollower(
    (cols, rows) => {
      applied.push(`${cols}x${rows}`);
      return new Promise((resolve) => waiting.push(resolve));
    },
    () => {},
  );
  follower.resize(80, 24);
  follower.resize(81, 25);
  follower.resize(0, 0);
  follower.resize(5000, 26);
  expect(applied).toEqual(['80x24']);
  waiting[0]?.();
  await expect.poll(() => applied).toEqual(['80x24', '1000x26']);
});

/** A terminal that fails as long as `isUp` says no; each try ends when the test says so. */
function slowTerminal(isUp: (cols: number) => boolean): {
  readonly follower: SizeFollower;
  readonly tried: number[];
  readonly errors: unknown[];
  readonly finish: () => Promise<void>;
} {
  const tried: number[] = [];
  const errors: unknown[] = [];
  let waiting = Promise.withResolvers<void>();
  const follower = new SizeFollower(
    async (cols) => {
      tried.push(cols);
      await waiting.promise;
      if (!isUp(cols)) throw new Error('no such process');
    },
    (error) => errors.push(error),
  );
  const finish = async (): Promise<void> => {
    const { resolve } = waiting;
    waiting = Promise.withResolvers<void>();
    resolve();
    await new Promise((done) => setImmediate(done));
  };
  return { follower, tried, errors, finish };
}

test('a size that could not be set does not stop the one that came while it was tried', async () => {
  const { follower, tried, errors, finish } = slowTerminal((cols) => cols !== 2);
  follower.resize(1, 1);
  await finish();
  follower.resize(2, 1);
  follower.resize(3, 1);
  await finish();
  expect([tried, errors.length]).toEqual([[1, 2, 3], 1]);
  await finish();
  follower.resize(4, 1);
  expect(tried).toEqual([1, 2, 3, 4]);
});

test('the first size is tried until the process is up, and the newest is the one that is tried', async () => {
  let up = false;
  const { follower, tried, errors, finish } = slowTerminal(() => up);
  follower.resize(1, 1);
  await finish();
  await finish();
  follower.resize(2, 1);
  await finish();
  up = true;
  await finish();
  expect([tried, errors]).toEqual([[1, 1, 1, 2], []]);
});

test('not for ever', async () => {
  const { follower, tried, errors, finish } = slowTerminal(() => false);
  follower.resize(1, 1);
  for (let tries = 0; tries < 30; tries += 1) await finish();
  expect([tried.length, errors.length]).toEqual([20, 1]);
});
