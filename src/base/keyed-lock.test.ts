import { expect, test } from 'vitest';
import { KeyedLock } from './keyed-lock.ts';

/** A task that says when it began and ends when it is told to. */
function controlled(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const task = async (): Promise<string> => {
    log.push(`${name} began`);
    return await promise.finally(() => log.push(`${name} ended`));
  };
  return { task, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

/** Every promise that can settle by now has settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('tasks of one key run one after another, in the order they were asked for', async () => {
  const lock = new KeyedLock();
  const log: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => controlled(log, name));
  const runs = [a, b, c].map((one) => lock.run('key', one!.task));
  c!.end();
  b!.end();
  await settled();
  expect(log).toEqual(['a began']);
  a!.end();
  expect(await Promise.all(runs)).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a began', 'a ended', 'b began', 'b ended', 'c began', 'c ended']);
});

test('tasks of different keys run side by side', async () => {
  const lock = new KeyedLock();
  const log: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => controlled(log, name));
  const runs = [lock.run('one', a!.task), lock.run('two', b!.task)];
  await settled();
  expect(log).toEqual(['a began', 'b began']);
  b!.end();
  a!.end();
  await Promise.all(runs);
});

test('a task that fails fails alone: the next one runs', async () => {
  const lock = new KeyedLock();
  const log: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => controlled(log, name));
  const first = lock.run('key', a!.task);
  const second = lock.run('key', b!.task);
  a!.fail();
  await expect(first).rejects.toThrow('a');
  b!.end();
  expect(await second).toBe('b');
});

test('a key is free again after its last task', async () => {
  const lock = new KeyedLock();
  for (let round = 0; round < 3; round += 1)
    expect(await lock.run('key', () => Promise.resolve(round))).toBe(round);
});
