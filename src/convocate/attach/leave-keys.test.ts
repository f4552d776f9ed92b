import { expect, test } from 'vitest';
import { LeaveKeys } from './leave-keys.ts';

const wish = (...typed: string[]): number => {
  const keys = new LeaveKeys();
  return typed.map((text) => keys.typed(Buffer.from(text))).at(-1) ?? 0;
};

test.each([
  [2, ['\u0002d']],
  [2, ['\u0002D']],
  [2, ['ls\r\u0002', 'd']],
  [3, ['\u0003\u0003\u0003']],
  [3, ['\u0003', '\u0003', '\u0003']],
  [2, ['x\u0002dy']],
])('it takes %i keys to leave: %j', (keys, typed) => expect(wish(...typed)).toBe(keys));

test.each([['d'], ['\u0002', 'x', 'd'], ['\u0003\u0003'], ['\u0003\u0003a\u0003'], ['\u0002\u0003d'], ['']])(
  '%j does not',
  (...typed) => expect(wish(...typed)).toBe(0),
);

test.each([
  [true, ['\u0002d']],
  [true, ['x\u0002', 'D']],
  [true, ['\u0002d', '\u001b[<35;10;10M', '\u001b[I']],
  [false, ['\u0002d', 'x']],
  [false, ['\u0002dx']],
  [false, ['\u0002d', '\u001b[<35;10;10M', '\u0002']],
  [true, ['\u0002d\u001b[<35;10;10M\u001b[<35;10;10m']],
  [true, ['\u001b]11;rgb:1e1e/1e1e/1e1e\u0007\u0002d\u001b[O']],
  [false, ['\u0002d', '\u001b[200~ls\r\u001b[201~']],
  [false, ['\u0002d', '\u001b[Amake test\r']],
  [false, ['\u001b[I', '\u0002', '\u001b[A', 'd']],
  [false, ['\u0003\u0003\u0003']], // while all is well the session gets them, and may end of them
])('that Ctrl-B D was the last key is %s: %j', (is, typed) => {
  const keys = new LeaveKeys();
  for (const text of typed) keys.typed(Buffer.from(text));
  expect(keys.endedWithDetach).toBe(is);
});

test('interrupts from before the loss do not count', () => {
  const keys = new LeaveKeys();
  keys.typed(Buffer.from('\u0003\u0003'));
  keys.forgetInterrupts();
  expect(keys.typed(Buffer.from('\u0003'))).toBe(0);
});
