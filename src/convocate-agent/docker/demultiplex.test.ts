import { expect, test } from 'vitest';
import { Demultiplexer } from './demultiplex.ts';

function frame(output: 1 | 2, text: string): Buffer {
  const header = Buffer.from([output, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const stream = Buffer.concat([frame(1, 'out '), frame(2, 'err '), frame(1, ''), frame(1, 'höt\n')]);

test.each([1, 2, 3, 7, 8, 9, 13, 1000])('cut into pieces of %i bytes it is the same text', (size) => {
  const demultiplexer = new Demultiplexer();
  const pieces: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) {
    pieces.push(...demultiplexer.push(stream.subarray(at, at + size)));
  }
  expect(Buffer.concat(pieces).toString()).toBe('out err höt\n');
});
