import { expect, test, vi } from 'vitest';
import { StrayKeys } from './stray-keys.ts';

test('what is typed on is dropped until there was a pause; that is told once', () => {
  const onFirst = vi.fn();
  const stray = new StrayKeys(1_000, onFirst);
  const drops = [1_100, 1_500, 1_999, 2_498, 2_998, 2_999].map((atMs) => stray.drops(atMs));
  expect(drops).toEqual([true, true, true, true, false, false]);
  expect(onFirst).toHaveBeenCalledTimes(1);
});

test('who comes back and looks first loses no key', () => {
  const onFirst = vi.fn();
  const stray = new StrayKeys(1_000, onFirst);
  expect([1_500, 1_501].map((atMs) => stray.drops(atMs))).toEqual([false, false]);
  expect(onFirst).not.toHaveBeenCalled();
});
