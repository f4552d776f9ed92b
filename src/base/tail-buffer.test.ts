import { expect, test } from 'vitest';
import { TailBuffer } from './tail-buffer.ts';

function tailOf(keepBytes: number, ...chunks: string[]): { text: string; dropped: boolean } {
  const tail = new TailBuffer(keepBytes);
  for (const chunk of chunks) tail.push(Buffer.from(chunk));
  return { text: tail.bytes().toString(), dropped: tail.dropped };
}

test.each([
  [['abc', 'de'], 'abcde', false],
  [['abc', 'def'], 'bcdef', true],
  [['abcdefgh'], 'defgh', true],
  [['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'cdefg', true],
  [['abcde', ''], 'abcde', false],
  [[], '', false],
])('of %j the last five bytes are %j, with something before them: %s', (chunks, text, dropped) => {
  expect(tailOf(5, ...chunks)).toEqual({ text, dropped });
});

test('what it was given may be written over afterwards', () => {
  const tail = new TailBuffer(5);
  const chunk = Buffer.from('abc');
  tail.push(chunk);
  chunk.fill('x');
  expect(tail.bytes().toString()).toBe('abc');
});
