import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplayBuffer } from './replay-buffer.ts';

function readAll(buffer: ReplayBuffer, from: number, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = from; at < buffer.end; ) {
    const part = buffer.read(at, maxBytes);
    expect(part.length).toBeGreaterThan(0);
    expect(part.length).toBeLessThanOrEqual(maxBytes);
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}

test('gives back every byte from any offset that is kept, whatever was appended and dropped', () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 0, max: 40_000 }) }),
    fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.integer({ min: 1_000, max: 70_000 }),
      (steps, maxBytes) => {
        const buffer = new ReplayBuffer();
        let whole = Buffer.alloc(0);
        for (const one of steps) {
          if ('append' in one) {
            const bytes = Buffer.alloc(one.append, whole.length % 251);
            whole = Buffer.concat([whole, bytes]);
            buffer.append(bytes);
          } else buffer.dropBefore(buffer.start + Math.floor(one.drop * buffer.size));
          expect(buffer.end).toBe(whole.length);
          const middle = buffer.start + Math.floor(buffer.size / 2);
          for (const from of [buffer.start, middle])
            expect(readAll(buffer, from, maxBytes).equals(whole.subarray(from))).toBe(true);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('what was read stays as it is when more comes', () => {
  const buffer = new ReplayBuffer();
  buffer.append(Buffer.from('first'));
  const read = buffer.read(0, 100);
  buffer.append(Buffer.from('second'));
  buffer.dropBefore(11);
  buffer.append(Buffer.from('third'));
  expect(read.toString()).toBe('first');
  expect(buffer.read(11, 100).toString()).toBe('third');
});

test('an offset outside is refused, one acknowledged twice is not', () => {
  const buffer = new ReplayBuffer();
  buffer.append(Buffer.from('0123456789'));
  buffer.dropBefore(4);
  buffer.dropBefore(3);
  expect(buffer.start).toBe(4);
  expect(() => buffer.read(3, 10)).toThrow(RangeError);
  expect(() => buffer.read(11, 10)).toThrow(RangeError);
  expect(() => buffer.dropBefore(11)).toThrow(RangeError);
  expect(buffer.read(10, 10)).toHaveLength(0);
});
