import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Key } from '../events.ts';
import { KeyReader } from './key-reader.ts';
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

describe('keys and not bytes are dropped', () => {
  const ESC = '\u001b';
  const onFirst = vi.fn();
  let keys: Key[];
  let reader: KeyReader;
  beforeEach(() => {
    vi.useFakeTimers();
    onFirst.mockClear();
    keys = [];
    reader = new KeyReader((key) => keys.push(key), new StrayKeys(performance.now(), onFirst));
  });
  afterEach(() => {
    reader.close();
    vi.useRealTimers();
  });
  const come = (bytes: string, afterMs: number): void => {
    vi.advanceTimersByTime(afterMs);
    reader.push(Buffer.from(bytes));
  };

  test.each<[string, string, string, Key[]]>([
    ['the answer with a colour', `${ESC}]11;rgb:1e1e/`, '1e1e/dark\u0007', []],
    ['the answer with a name', `${ESC}P>|XTerm(370`, `); r${ESC}\\`, []],
    ['a move of the mouse before a key', `${ESC}[<35;10;10M`, 'k', [{ name: 'text', text: 'k' }]],
  ])('%s, though it stalls for longer than the pause', (_, begin, rest, expected) => {
    come(begin, 100);
    come(rest, 600);
    expect(keys).toEqual(expected);
    expect(onFirst).not.toHaveBeenCalled();
  });

  test('a paste that stalls is one still, and goes to nobody as keys', () => {
    come(`${ESC}[200~please`, 100);
    come(` do delete${ESC}[201~`, 600);
    expect(keys).toEqual([{ name: 'text', text: 'please do delete', pasted: true }]);
  });

  test('a paste that takes its time takes the Enter behind it along', () => {
    for (const piece of [`${ESC}[200~please`, ' do', ' delete', `${ESC}[201~`]) come(piece, 200);
    come('\r', 20);
    expect(keys).toEqual([]);
    expect(onFirst).toHaveBeenCalledTimes(1);
    come('k', 500);
    expect(keys).toEqual([{ name: 'text', text: 'k' }]);
  });
});
