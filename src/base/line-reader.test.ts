import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineReader, LineTooLongError } from './line-reader.ts';

/** `bytes` cut at `cuts`. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

describe('lines', () => {
  test('are the same however the bytes are cut, and the rest is kept to the byte', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .string({ unit: 'binary', maxLength: 30 })
            .map((line) => line.toWellFormed().replaceAll('\n', ' ')),
        ),
        fc.uint8Array({ maxLength: 20 }).map((rest) => rest.filter((byte) => byte !== 0x0a)),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (lines, rest, cuts) => {
          const bytes = Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), rest]);
          const reader = new LineReader(10_000);
          expect(cut(bytes, cuts).flatMap((chunk) => reader.push(chunk))).toEqual(lines);
          expect(reader.takeRest()).toEqual(Buffer.from(rest));
          expect(reader.takeRest()).toEqual(Buffer.alloc(0));
        },
      ),
    );
  });

  test('may be empty', () => {
    expect(new LineReader(0).push(Buffer.from('\n\n'))).toEqual(['', '']);
  });

  test('do not change when the caller uses its buffer again', () => {
    const reader = new LineReader(100);
    const chunk = Buffer.from('abc');
    reader.push(chunk);
    chunk.fill('x');
    expect(reader.push(Buffer.from('\n'))).toEqual(['abc']);
  });

  test('that end inside a character are put together', () => {
    const reader = new LineReader(100);
    const bytes = Buffer.from('漢\n');
    expect(reader.push(bytes.subarray(0, 2))).toEqual([]);
    expect(reader.push(bytes.subarray(2))).toEqual(['漢']);
  });
});

describe('a line longer than the bound', () => {
  const bound = 8;

  test('is refused, with or without its end, and in any pieces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: 40 }),
        fc.boolean(),
        fc.array(fc.nat(50)),
        (length, ended, cuts) => {
          const bytes = Buffer.from(`${'x'.repeat(length)}${ended ? '\n' : ''}`);
          const reader = new LineReader(bound);
          expect(() => cut(bytes, cuts).flatMap((chunk) => reader.push(chunk))).toThrow(LineTooLongError);
        },
      ),
    );
  });

  test('one of exactly the bound is taken', () => {
    const reader = new LineReader(bound);
    expect(reader.push(Buffer.from('12345678'))).toEqual([]);
    expect(reader.push(Buffer.from('\n12345678\n'))).toEqual(['12345678', '12345678']);
  });

  test('is told by its bytes, not its characters', () => {
    expect(() => new LineReader(bound).push(Buffer.from('漢漢漢\n'))).toThrow(new LineTooLongError(bound));
  });

  test('that comes a byte at a time costs no more than its length', () => {
    const reader = new LineReader(1024 * 1024);
    const byte = Buffer.from('x');
    const startedAt = performance.now();
    for (let sent = 0; sent < 100_000; sent += 1) reader.push(byte);
    expect(performance.now() - startedAt).toBeLessThan(4_000); // a reader that copies what it holds for each byte takes ten seconds;
    expect(reader.push(Buffer.from('\n'))).toEqual(['x'.repeat(100_000)]);
  });
});
