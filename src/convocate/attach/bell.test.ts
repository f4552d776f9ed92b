import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Bell } from './bell.ts';
import { ScreenModes } from './screen-modes.ts';

let screen: PassThrough;
let modes: ScreenModes;
let bell: Bell;

beforeEach(() => {
  vi.useFakeTimers();
  screen = new PassThrough();
  modes = new ScreenModes();
  bell = new Bell();
  bell.hang(screen, modes);
});
afterEach(() => {
  bell.takeDown();
  vi.useRealTimers();
});

/** As an attach shows a piece of output. */
function show(output: string | Buffer): void {
  modes.follow(Buffer.from(output));
  screen.write(output);
}

const shown = (): string => String(screen.read() ?? '');

test('rings at once where output stands between two sequences', () => {
  show('\u001b[1mbold\u001b[0m');
  bell.ring();
  expect(shown()).toBe('\u001b[1mbold\u001b[0m\u0007');
});

test.each([
  ['a colour', '\u001b[38;2;1', ';2;3mx'],
  ['a title', '\u001b]0;wor', 'king\u001b\\'],
  ['a character', Buffer.from('日').subarray(0, 2), Buffer.from('日').subarray(2)],
])('waits for the rest of %s, and rings once', (_, begun, rest) => {
  show(begun);
  bell.ring();
  bell.ring();
  vi.advanceTimersByTime(1_000);
  show(rest);
  vi.advanceTimersByTime(1_000);
  expect(shown()).toBe(`${Buffer.concat([Buffer.from(begun), Buffer.from(rest)]).toString()}\u0007`);
});

test('is not heard where nobody hung it, nor when it was taken down', () => {
  new Bell().ring();
  show('\u001b[38;2');
  bell.ring();
  bell.takeDown();
  show('m');
  vi.advanceTimersByTime(1_000);
  bell.ring();
  expect(shown()).toBe('\u001b[38;2m');
});
