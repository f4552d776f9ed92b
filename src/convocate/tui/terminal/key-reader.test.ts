import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Key } from '../events.ts';
import { KeyReader } from './key-reader.ts';

const ESC = '\u001b';
let keys: Key[];
let reader: KeyReader;

beforeEach(() => {
  vi.useFakeTimers();
  keys = [];
  reader = new KeyReader((read) => keys.push(...read));
});
afterEach(() => {
  reader.close();
  vi.useRealTimers();
});

test('an Escape alone counts after a moment', () => {
  reader.push(Buffer.from(ESC));
  expect(keys).toEqual([]);
  vi.advanceTimersByTime(30);
  expect(keys).toEqual([{ name: 'escape' }]);
});

test('the halves of an answer may be far apart, and what follows it counts at once', () => {
  reader.push(Buffer.from(`${ESC}]11;rgb:1e1e/1e`));
  vi.advanceTimersByTime(500);
  reader.push(Buffer.from('1e/1e1e'));
  vi.advanceTimersByTime(500);
  reader.push(Buffer.from(`${ESC}\\k`));
  expect(keys).toEqual([{ name: 'text', text: 'k' }]);
});

test('an answer that has no end takes no keys for longer than a second', () => {
  reader.push(Buffer.from(`${ESC}]11;rgb:`));
  vi.advanceTimersByTime(1_000);
  reader.push(Buffer.from('k'));
  expect(keys).toEqual([{ name: 'text', text: 'k' }]);
});
