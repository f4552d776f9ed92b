import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Key } from '../events.ts';
import { KeyReader } from './key-reader.ts';

const ESC = '\u001b';
let keys: Key[];
let reader: KeyReader;

beforeEach(() => {
  vi.useFakeTimers();
  keys = [];
  reader = new KeyReader((key) => keys.push(key));
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

describe('a key that ends the reading', () => {
  const ended = (...pieces: readonly (string | Uint8Array)[]): string => {
    let rest: Uint8Array = Buffer.alloc(0);
    reader = new KeyReader((key) => {
      keys.push(key);
      if (key.name === 'enter') rest = reader.close();
    });
    for (const piece of pieces) reader.push(Buffer.from(piece as string));
    vi.advanceTimersByTime(10_000);
    return Buffer.from(rest).toString('latin1');
  };

  test.each([
    ['what was typed at once', ['k\rno\r'], 'no\r'],
    ['Enter of another kind', [`k${ESC}OMno`], 'no'],
    ['the start of a sequence', [`k\r${ESC}`], ESC],
    ['sequences', [`k\r${ESC}[A${ESC}[200~x\ry${ESC}[201~`], `${ESC}[A${ESC}[200~x\ry${ESC}[201~`],
    ['characters of several bytes, the last one cut', [Buffer.from('k\rä€').subarray(0, -1)], 'Ã¤â\u0082'],
    ['nothing', ['k', '\r'], ''],
  ])('leaves %s behind it as it came', (_, pieces, rest) => {
    expect(ended(...pieces)).toBe(rest);
    expect(keys).toEqual([{ name: 'text', text: 'k' }, { name: 'enter' }]);
  });
});
