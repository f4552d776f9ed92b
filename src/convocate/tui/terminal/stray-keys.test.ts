import { describe, expect, test, vi } from 'vitest';
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

describe('what stalls half-way, longer than the pause', () => {
  const ESC = '\u001b';
  test.each<[string, string, string, Key[]]>([
    [
      'a paste',
      `${ESC}[200~please`,
      ` do delete${ESC}[201~`,
      [{ name: 'text', text: 'please do delete', pasted: true }],
    ],
    ['the answer with a colour', `${ESC}]11;rgb:1e1e/`, '1e1e/dark\u0007', []],
    ['the answer with a name', `${ESC}P>|XTerm(370`, `); r${ESC}\\`, []],
    ['a move of the mouse and a key', `${ESC}[<35;10;10M`, 'k', [{ name: 'text', text: 'k' }]],
  ])('%s makes no keys', (_, begin, rest, expected) => {
    vi.useFakeTimers();
    const onFirst = vi.fn();
    const stray = new StrayKeys(performance.now(), onFirst);
    const keys: Key[] = [];
    const reader = new KeyReader((key) => {
      if (!stray.drops(performance.now())) keys.push(key);
    });
    vi.advanceTimersByTime(100);
    reader.push(Buffer.from(begin));
    vi.advanceTimersByTime(600);
    reader.push(Buffer.from(rest));
    expect(keys).toEqual(expected);
    expect(onFirst).not.toHaveBeenCalled();
    reader.close();
    vi.useRealTimers();
  });
});
