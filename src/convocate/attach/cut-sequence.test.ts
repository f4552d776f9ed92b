import { expect, test } from 'vitest';
import { cutSequence } from './cut-sequence.ts';

const cut = (text: string | Uint8Array): string =>
  Buffer.from(cutSequence(Buffer.from(text))).toString('latin1');

test.each([
  ['plain', ''],
  ['\u001b[1;31mred\u001b[0m', ''],
  ['done\u001b', '\u001b'],
  ['done\u001b[3', '\u001b[3'],
  ['\u001b[2J\u001b[38;5;1', '\u001b[38;5;1'],
  ['\u001b]0;title', '\u001b]0;title'],
  ['\u001b]0;title\u0007', ''],
  ['\u001b]0;title\u001b', '\u001b]0;title\u001b'],
  ['\u001b]0;title\u001b\\', ''],
  ['\u001b]0;broken off\u001b[3', '\u001b[3'],
  ['\u001bP1$r', '\u001bP1$r'],
  ['\u001b(', '\u001b('],
  ['\u001b(B', ''],
  ['\u001b[3\u0018x', ''],
  ['\u001b[3\u001b[4', '\u001b[4'],
])('%j is cut in %j', (text, expected) => expect(cut(text)).toBe(expected));

test('a character of several bytes, at each of them', () => {
  for (const character of ['é', '語', '🦀']) {
    const bytes = Buffer.from(`a${character}`);
    for (let length = 2; length < bytes.length; length += 1)
      expect(cut(bytes.subarray(0, length))).toBe(bytes.subarray(1, length).toString('latin1'));
    expect(cut(bytes)).toBe('');
    expect(cut(Buffer.concat([bytes, Buffer.from('b')]))).toBe('');
  }
  expect(cut(Buffer.from([0xe8, 0x41]))).toBe(''); // damaged, and over
});

test('whatever is cut, the beginning and the rest together are the whole', () => {
  const whole =
    'x\u001b[?1049h\u001b]2;a title\u001b\\\u001b[38;2;1;2;3mhé語🦀\u001bPq#0\u001b\\\u001b[0m\u001b(By';
  const bytes = Buffer.from(whole);
  for (let length = 0; length <= bytes.length; length += 1) {
    const before = bytes.subarray(0, length);
    const begun = cutSequence(before);
    expect(before.subarray(before.length - begun.length).equals(begun)).toBe(true);
    // What was complete before it stays complete by itself.
    expect(cutSequence(before.subarray(0, before.length - begun.length))).toHaveLength(0);
  }
});
