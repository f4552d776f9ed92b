import { expect, test } from 'vitest';
import { ATTACH } from '../../protocol/attach.ts';
import { TypedKeys } from './typed-keys.ts';

function typed(...texts: string[]): TypedKeys {
  const keys = new TypedKeys();
  for (const text of texts) keys.add(Buffer.from(text));
  return keys;
}

function sentTo(keys: TypedKeys, taken: number): () => string {
  let sent = '';
  keys.connect(taken, (bytes) => (sent += bytes.toString()));
  return () => sent;
}

test('what was typed before there was anybody is sent then, and what comes later at once', () => {
  const keys = typed('abc');
  const sent = sentTo(keys, 0);
  keys.add(Buffer.from('d'));
  expect(sent()).toBe('abcd');
  expect(keys.waiting).toBe(4);
  keys.acknowledge(3);
  expect(keys.waiting).toBe(1);
});

test('after a loss they go on behind what the agent has', () => {
  const keys = typed('abcdef');
  sentTo(keys, 0);
  keys.acknowledge(2);
  keys.disconnect();
  keys.add(Buffer.from('gh'));
  expect(sentTo(keys, 4)()).toBe('efgh');
});

test('a new terminal gets all that was never acknowledged, counted anew', () => {
  const keys = typed('abcdef');
  sentTo(keys, 0);
  keys.acknowledge(4);
  keys.disconnect();
  keys.restart();
  expect(sentTo(keys, 0)()).toBe('ef');
  keys.acknowledge(2);
  expect(keys.waiting).toBe(0);
});

test('an agent that has more than was typed, or less than it said, is not believed', () => {
  const keys = typed('abc');
  expect(() => sentTo(keys, 4)).toThrow(RangeError);
  sentTo(keys, 2);
  expect(() => sentTo(keys, 1)).toThrow(RangeError);
  expect(() => keys.acknowledge(4)).toThrow(RangeError);
});

test('full at the bound', () => {
  const keys = new TypedKeys();
  sentTo(keys, 0);
  keys.add(Buffer.alloc(ATTACH.keysBytes - 1));
  expect(keys.full).toBe(false);
  keys.add(Buffer.alloc(1));
  expect(keys.full).toBe(true);
});

test('no more is sent than the agent has room for; its acknowledgements bring the rest', () => {
  const keys = new TypedKeys();
  const all = 'x'.repeat(3 * ATTACH.keysBytes);
  keys.add(Buffer.from(all));
  const sent = sentTo(keys, 0);
  expect(sent()).toHaveLength(ATTACH.keysBytes);
  keys.acknowledge(1_000);
  expect(sent()).toHaveLength(ATTACH.keysBytes + 1_000);
  keys.acknowledge(ATTACH.keysBytes + 1_000);
  keys.acknowledge(2 * ATTACH.keysBytes + 1_000);
  expect(sent()).toBe(all);
});

test('while nobody takes them a large paste does not fill it', () => {
  const keys = new TypedKeys();
  keys.add(Buffer.alloc(2 * ATTACH.keysBytes));
  expect(keys.full).toBe(false);
  sentTo(keys, 0);
  expect(keys.full).toBe(true);
  keys.disconnect();
  expect(keys.full).toBe(false);
});
