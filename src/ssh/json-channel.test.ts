import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineTooLongError } from '../base/line-reader.ts';
import { LIMITS } from '../protocol/limits.ts';
import { ChannelClosedError, readFirstLine, readLines, writeJsonLine } from './json-channel.ts';

/** Everything that comes out of `channel` from now on, once it has ended. */
async function drain(channel: PassThrough): Promise<Buffer> {
  const chunks: Buffer[] = [];
  channel.on('data', (chunk: Buffer) => chunks.push(chunk));
  channel.resume();
  await new Promise((resolve) => channel.once('end', resolve));
  return Buffer.concat(chunks);
}

describe('the first line', () => {
  test('comes alone, and not a key typed after it is lost, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 40 }),
        fc.array(fc.nat(60), { maxLength: 5 }),
        async (typed, cuts) => {
          const bytes = Buffer.concat([Buffer.from('{"id":"x"}\n'), typed]);
          const edges = [0, ...cuts.map((at) => at % bytes.length).toSorted((a, b) => a - b), bytes.length];
          const channel = new PassThrough();
          const reading = readFirstLine(channel);
          for (const [index, end] of edges.slice(1).entries())
            channel.write(bytes.subarray(edges[index], end));
          const { line, rest } = await reading;
          expect(line).toBe('{"id":"x"}');
          expect(channel.isPaused()).toBe(true);
          channel.end();
          expect(Buffer.concat([rest, await drain(channel)])).toEqual(Buffer.from(typed));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('that never ends is refused at the bound of the contract', async () => {
    const channel = new PassThrough();
    const reading = readFirstLine(channel);
    channel.write(Buffer.alloc(LIMITS.lineBytes, 'x'));
    channel.write('y');
    await expect(reading).rejects.toThrow(LineTooLongError);
  });

  test.each([
    ['ends', (channel: PassThrough) => channel.end('half a line')],
    ['is destroyed', (channel: PassThrough) => channel.destroy()],
  ])('is not waited for when the channel %s', async (_how, stop) => {
    const channel = new PassThrough();
    const reading = readFirstLine(channel);
    stop(channel);
    await expect(reading).rejects.toThrow(ChannelClosedError);
    expect([channel.listenerCount('end'), channel.listenerCount('data')]).not.toContain(2);
  });
});

describe('lines', () => {
  test('are given in order until the channel ends', async () => {
    const channel = new PassThrough();
    const lines: string[] = [];
    readLines(
      channel,
      (line) => lines.push(line),
      (error) => expect.unreachable(error.message),
    );
    writeJsonLine(channel, { seq: 1, text: 'a\nb' });
    channel.write('{"seq"');
    channel.end(':2}\nnever finished');
    await new Promise((resolve) => channel.once('end', resolve));
    expect(lines).toEqual(['{"seq":1,"text":"a\\nb"}', '{"seq":2}']);
  });

  test('longer than the bound end the channel, with the reason', async () => {
    const channel = new PassThrough();
    const errors: Error[] = [];
    readLines(channel, expect.unreachable, (error) => errors.push(error));
    const closed = new Promise((resolve) => channel.once('close', resolve));
    channel.write(Buffer.alloc(LIMITS.lineBytes + 1, 'x'));
    await closed;
    expect(errors).toEqual([new LineTooLongError(LIMITS.lineBytes)]);
  });
});
