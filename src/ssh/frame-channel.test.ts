import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Frame } from '../protocol/attach-frames.ts';
import { FrameChannel } from './frame-channel.ts';

interface End {
  readonly channel: FrameChannel;
  readonly frames: Frame[];
  readonly gone: string[];
}

function endOf(stream: Duplex, onFrame: (frame: Frame) => void = () => {}): End {
  const frames: Frame[] = [];
  const gone: string[] = [];
  const channel = new FrameChannel(stream, {
    onFrame: (frame) => {
      frames.push(frame);
      onFrame(frame);
    },
    onGone: (why) => gone.push(why),
  });
  return { channel, frames, gone };
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
  }
}

test('frames go both ways; two sides that say nothing keep each other alive', async () => {
  const [near, far] = duplexPair();
  const [a, b] = [endOf(near), endOf(far)];
  a.channel.send({ type: 'ack', offset: 7 });
  b.channel.send({ type: 'data', bytes: Buffer.from('x') });
  await settle();
  expect(b.frames).toEqual([{ type: 'ack', offset: 7 }]);
  expect(a.frames).toEqual([{ type: 'data', bytes: Buffer.from('x') }]);
  await pass(60_000);
  expect([...a.gone, ...b.gone]).toEqual([]);
  expect(a.frames.filter(({ type }) => type === 'ping').length).toBeGreaterThanOrEqual(10);
  a.channel.close();
  await settle();
  expect([a.gone, b.gone]).toEqual([[], ['the connection was closed']]);
});

test('silence is found within 15 s, and told once', async () => {
  const [near, far] = duplexPair();
  const a = endOf(near);
  far.resume();
  await pass(11_000);
  expect(a.gone).toEqual([]);
  await pass(3_000);
  expect(a.gone).toEqual(['nothing was heard for 12 s']);
  await pass(30_000);
  expect(a.gone).toHaveLength(1);
  expect(near.destroyed).toBe(true);
});

test('who did not run for a while hears first what came meanwhile', async () => {
  const [near, far] = duplexPair();
  const a = endOf(near);
  const b = endOf(far);
  await pass(3_000);
  const onTime = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => onTime() + 40_000); // as after a stop of the process
  await settle();
  await pass(6_000);
  expect([...a.gone, ...b.gone]).toEqual([]);
});

test('damage, and a handler that refuses a frame, end it', async () => {
  const [near, far] = duplexPair();
  const a = endOf(near);
  far.resume();
  far.write('{"ok":false}');
  await settle();
  expect(a.gone).toEqual(['there is no frame of type 123']);

  const [left, right] = duplexPair();
  const b = endOf(left, () => {
    throw new RangeError('offset 9 is not within 0 to 3');
  });
  endOf(right).channel.send({ type: 'ack', offset: 9 });
  await settle();
  expect(b.gone).toEqual(['offset 9 is not within 0 to 3']);
  b.channel.send({ type: 'ping' });
});

test('what nobody waits for rides with the next frame, or goes a little later; the newest counts', async () => {
  vi.useFakeTimers();
  const [near, far] = duplexPair();
  const [a, b] = [endOf(near), endOf(far)];
  const chunks: Buffer[] = [];
  far.on('data', (chunk: Buffer) => chunks.push(chunk));
  a.channel.sendLazily({ type: 'ack', offset: 1 });
  a.channel.sendLazily({ type: 'ack', offset: 2 });
  a.channel.send({ type: 'resize', cols: 80, rows: 24 });
  await vi.advanceTimersByTimeAsync(10);
  expect(b.frames).toEqual([
    { type: 'ack', offset: 2 },
    { type: 'resize', cols: 80, rows: 24 },
  ]);
  expect(chunks).toHaveLength(1);
  a.channel.sendLazily({ type: 'ack', offset: 3 });
  await vi.advanceTimersByTimeAsync(200);
  expect(b.frames).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(b.frames.at(-1)).toEqual({ type: 'ack', offset: 3 });
  a.channel.close();
});
