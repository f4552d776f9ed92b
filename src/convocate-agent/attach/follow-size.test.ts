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

test('a size that could not be set does not stop the next', async () => {
  const errors: unknown[] = [];
  const applied: number[] = [];
  const follower = new SizeFollower(
    async (cols) => {
      if (cols === 1) throw new Error('gone');
      applied.push(cols);
    },
    (error) => errors.push(error),
  );
  follower.resize(1, 1);
  await expect.poll(() => errors).toHaveLength(1);
  follower.resize(2, 2);
  await expect.poll(() => applied).toEqual([2]);
});
