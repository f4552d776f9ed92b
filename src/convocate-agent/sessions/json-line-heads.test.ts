import { describe, expect, test } from 'vitest';
import { JsonLineHeads } from './json-line-heads.ts';

/** In pieces of this size, as a file is read. */
function headsOf(text: string, mostBytes: number, pieceBytes = 7): string[] {
  const heads = new JsonLineHeads(mostBytes);
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    found.push(...heads.push(bytes.subarray(at, at + pieceBytes)));
  return found;
}

test.each([1, 2, 7, 100])(
  'lines are given whole, in pieces of %d bytes, but the one without an end',
  (piece) => {
    expect(headsOf('{"a":1}\n\n["ü"]\n{"b":', 7, piece)).toEqual(['{"a":1}', '', '["ü"]']);
  },
);

describe('of a longer line the head, closed', () => {
  test.each<[line: string, mostBytes: number, value: unknown]>([
    ['{"a":1,"b":[{"c":"xxxxxxxx"}]}', 22, { a: 1, b: [{ c: 'xxxx' }] }],
    ['{"a":{"}":1},"b":"yyyyyyyy"}', 20, { a: { '}': 1 }, b: 'yy' }],
    [String.raw`{"a":"x\"yyyy"}`, 8, { a: 'x' }],
    [String.raw`{"a":"x\"yyyy"}`, 9, { a: 'x"' }],
    [String.raw`{"a":"x\\yyyy"}`, 9, { a: 'x\\' }],
    [String.raw`{"a":"x\u00e4yyy"}`, 11, { a: 'x' }],
    [String.raw`{"a":"x\u00e4yyy"}`, 13, { a: 'xä' }],
    [String.raw`{"a":"x\\u00yyyyyy"}`, 12, { a: String.raw`x\u00` }],
    ['{"a":"ää"}', 7, { a: '\u{fffd}' }],
  ])('%s at %d', (line, mostBytes, value) => {
    const [head = '', ...others] = headsOf(`${line}\n{}\n`, mostBytes);
    expect(JSON.parse(head)).toEqual(value);
    expect(others).toEqual(['{}']);
  });
});
