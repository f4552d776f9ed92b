import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ATTACH } from '../../protocol/attach.ts';
import { FrameError } from '../../protocol/attach-frames.ts';
import { KeyIntake } from './key-intake.ts';

interface Fixture {
  readonly intake: KeyIntake;
  readonly terminal: Writable;
  /** What the terminal has got. */
  readonly got: string[];
  readonly acknowledged: number[];
  /** The terminal is done with its oldest keys. */
  readonly finish: (error?: Error) => void;
}

/** A terminal that takes one thing after the other, each when the test says so. */
function intake(): Fixture {
  const got: string[] = [];
  const acknowledged: number[] = [];
  let done: ((error?: Error) => void) | undefined;
  const terminal = new Writable({
    write: (keys: Buffer, _encoding, callback) => {
      got.push(keys.toString());
      done = callback;
    },
  });
  terminal.on('error', () => {});
  return {
    intake: new KeyIntake(terminal, (offset) => acknowledged.push(offset)),
    terminal,
    got,
    acknowledged,
    finish: (error) => done?.(error),
  };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('keys are acknowledged when they are in the terminal', async () => {
  const { intake: keys, got, acknowledged, finish } = intake();
  keys.open();
  keys.take(Buffer.from('abc'));
  keys.take(Buffer.from('de'));
  expect([keys.taken, got, acknowledged]).toEqual([5, ['abc'], []]);
  finish();
  await settle();
  expect([got, acknowledged]).toEqual([['abc', 'de'], [3]]);
});

test('after the close none is written or counted; those that were written before are acknowledged', async () => {
  const { intake: keys, got, acknowledged, finish } = intake();
  keys.open();
  keys.take(Buffer.from('abc'));
  keys.close();
  keys.take(Buffer.from('de'));
  finish();
  await settle();
  expect([keys.taken, got, acknowledged]).toEqual([3, ['abc'], [3]]);
});

test('keys that wait for the first drawing do not get into a terminal that is taken away', async () => {
  const { intake: keys, terminal, got, acknowledged } = intake();
  keys.take(Buffer.from('abc'));
  keys.close();
  keys.open();
  terminal.destroy();
  await settle();
  expect([keys.taken, got, acknowledged]).toEqual([0, [], []]);
});

test('keys that a terminal failed to take are neither counted nor acknowledged', async () => {
  const { intake: keys, got, acknowledged, finish } = intake();
  keys.open();
  keys.take(Buffer.from('abc'));
  finish();
  await settle();
  keys.take(Buffer.from('de'));
  keys.take(Buffer.from('f'));
  finish(new Error('write EPIPE'));
  await settle();
  keys.take(Buffer.from('g'));
  await settle();
  expect([keys.taken, got, acknowledged]).toEqual([3, ['abc', 'de'], [3]]);
});

test('keys beyond what may be on their way are refused, and not counted', () => {
  const { intake: keys } = intake();
  keys.take(Buffer.alloc(2 * ATTACH.keysBytes));
  expect(() => keys.take(Buffer.from('x'))).toThrow(FrameError);
  expect(keys.taken).toBe(2 * ATTACH.keysBytes);
});
