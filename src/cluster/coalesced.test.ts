import { expect, test } from 'vitest';
import { Coalesced } from './coalesced.ts';

test('who asks during a run gets one further run, begun after they asked', async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const lists = new Coalesced(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  const first = lists.run();
  const settled: string[] = [];
  const second = lists.run().then(() => settled.push('second'));
  const third = lists.run().then(() => settled.push('third'));
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await first;
  expect(settled).toEqual([]);
  await Promise.resolve();
  await new Promise(setImmediate);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await Promise.all([second, third]);
  expect(runs).toHaveLength(2);
});

test('a failed run fails those who asked for it, and not the next', async () => {
  let fails = true;
  const lists = new Coalesced(async () => {
    await new Promise(setImmediate);
    if (fails) throw new Error('no');
  });
  const first = lists.run();
  const second = lists.run();
  await expect(first).rejects.toThrow('no');
  fails = false;
  await second;
  await lists.run();
});
