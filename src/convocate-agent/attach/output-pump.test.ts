import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OutputPump } from './output-pump.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

function pumpFor(): { source: PassThrough; sent: string[] } {
  const source = new PassThrough();
  const sent: string[] = [];
  const pump = new OutputPump(source);
  pump.connect(0, (bytes) => sent.push(bytes.toString()));
  return { source, sent };
}

test('what tmux answers to a key in several writes leaves at once, all of it', () => {
  const { source, sent } = pumpFor();
  for (let key = 0; key < 5; key += 1) {
    vi.advanceTimersByTime(50);
    sent.length = 0;
    for (const part of ['a', 'b', 'c', 'd']) source.emit('data', Buffer.from(part));
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  }
});

test('a flood is gathered into few packets, in order, and none of it waits long', () => {
  const { source, sent } = pumpFor();
  vi.advanceTimersByTime(50);
  let said = '';
  for (let ms = 0; ms < 200; ms += 1) {
    for (const part of [`${ms}.`, `${ms};`]) {
      source.emit('data', Buffer.from(part));
      said += part;
    }
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(8);
  expect(sent.join('')).toBe(said);
  expect(sent.length).toBeLessThan(40);
});
