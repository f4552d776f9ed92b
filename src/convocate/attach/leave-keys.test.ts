import { expect, test } from 'vitest';
import { LeaveKeys } from './leave-keys.ts';

const leaves = (...typed: string[]): boolean => {
  const keys = new LeaveKeys();
  return typed.map((text) => keys.typed(Buffer.from(text))).at(-1) ?? false;
};

test.each([
  ['\u0002d'],
  ['\u0002D'],
  ['ls\r\u0002', 'd'],
  ['\u0003\u0003\u0003'],
  ['\u0003', '\u0003', '\u0003'],
  ['x\u0002dy'],
])('%j leaves', (...typed) => expect(leaves(...typed)).toBe(true));

test.each([['d'], ['\u0002', 'x', 'd'], ['\u0003\u0003'], ['\u0003\u0003a\u0003'], ['\u0002\u0003d'], ['']])(
  '%j does not',
  (...typed) => expect(leaves(...typed)).toBe(false),
);

test('interrupts from before the loss do not count', () => {
  const keys = new LeaveKeys();
  keys.typed(Buffer.from('\u0003\u0003'));
  keys.forgetInterrupts();
  expect(keys.typed(Buffer.from('\u0003'))).toBe(false);
});
