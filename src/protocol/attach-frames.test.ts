import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ATTACH, type TerminalEnd } from './attach.ts';
import { FRAME_TYPES, type Frame, FrameError, FrameParser, encodeFrame } from './attach-frames.ts';

const offset = fc.maxSafeNat();
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), keys: offset, output: offset }),
  fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((bytes): Frame => ({ type: 'data', bytes: Buffer.from(bytes) })),
  fc.record({ type: fc.constant('ack' as const), offset }),
  fc.record({
    type: fc.constant('resize' as const),
    cols: fc.nat(65_535),
    rows: fc.nat(65_535),
  }),
  fc.constant<Frame>({ type: 'ping' }),
  fc
    .constantFrom<TerminalEnd>({ reason: 'left' }, { reason: 'ended', exit_code: 137, oom_killed: true })
    .map((end): Frame => ({ type: 'end', end })),
);

function parse(chunks: readonly Uint8Array[]): Frame[] {
  const parser = new FrameParser();
  const frames: Frame[] = [];
  for (const chunk of chunks) parser.push(chunk, (frame) => frames.push(frame));
  return frames;
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames.map(encodeFrame));
          expect(parse(cutAt(bytes, cuts))).toEqual(frames);
          expect(parse([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(frames);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('that are not whole yet are not given', () => {
    const bytes = encodeFrame({ type: 'data', bytes: Buffer.from('hello') });
    for (let length = 0; length < bytes.length; length += 1)
      expect(parse([bytes.subarray(0, length)])).toEqual([]);
  });

  test('on the wire are what the reference says', () => {
    expect(encodeFrame({ type: 'ack', offset: 258 }).toString('hex')).toBe('03000000080000000000000102');
    expect(encodeFrame({ type: 'resize', cols: 80, rows: 24 }).toString('hex')).toBe('040000000400500018');
    expect(encodeFrame({ type: 'hello', keys: 1, output: 2 }).toString('hex')).toBe(
      '010000001000000000000000010000000000000002',
    );
  });

  test('the longest passes, one byte more does not', () => {
    const longest: Frame = { type: 'data', bytes: Buffer.alloc(ATTACH.frameBytes, 7) };
    expect(parse([encodeFrame(longest)])).toEqual([longest]);
    expect(() => encodeFrame({ type: 'data', bytes: Buffer.alloc(ATTACH.frameBytes + 1) })).toThrow(
      FrameError,
    );
  });
});

describe('what is no frame', () => {
  test('is refused with one error, and nothing is taken after it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        (bytes, cuts) => {
          const parser = new FrameParser();
          let failed = false;
          for (const chunk of cutAt(Buffer.from(bytes), cuts)) {
            try {
              parser.push(chunk, () => expect(failed).toBe(false));
            } catch (error) {
              expect(error).toBeInstanceOf(FrameError);
              failed = true;
            }
          }
          if (failed)
            expect(() => parser.push(Buffer.from('x'), () => expect.unreachable())).toThrow(FrameError);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a refusal', '{"ok":false}', 'there is no frame of type 123'],
    ['an unknown type', '\u0009', 'there is no frame of type 9'],
    [
      'a length out of bounds',
      '\u0002\u00ff\u00ff\u00ff\u00ff',
      'a data frame has 1 to 65536 bytes, not 4294967295',
    ],
    ['an empty frame of data', '\u0002\0\0\0\0', 'a data frame has 1 to 65536 bytes, not 0'],
    ['a ping with something in it', '\u0005\0\0\0\u0001', 'a ping frame has 0 to 0 bytes, not 1'],
    ['an end that says nothing', '\u0006\0\0\0\u0002{}', 'an end frame says nothing that can be read'],
    [
      'an offset out of reason',
      '\u0003\0\0\0\u0008\u00ff\0\0\0\0\0\0\0',
      'an offset of 18374686479671623680 is out of reason',
    ],
  ])('%s', (_what, text, message) => {
    expect(() => parse([Buffer.from(text, 'latin1')])).toThrow(new FrameError(message));
  });

  test('no type looks like the first byte of a refusal or of a terminal', () => {
    for (const { code } of Object.values(FRAME_TYPES)) expect([0x7b, 0x1b]).not.toContain(code);
  });
});
