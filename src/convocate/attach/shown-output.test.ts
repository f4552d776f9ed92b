import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ATTACH } from '../../protocol/attach.ts';
import { failureOf } from './dial-failure.ts';
import { ScreenModes } from './screen-modes.ts';
import { ShownOutput } from './shown-output.ts';

/** A terminal that takes what it is shown when the test says so. */
function stuckTerminal(): { output: ShownOutput; take: () => void } {
  let done: (() => void) | undefined;
  const screen = new Writable({
    highWaterMark: 1,
    write: (_bytes, _encoding, callback) => {
      done = callback;
    },
  });
  return { output: new ShownOutput(screen, new ScreenModes(), () => {}), take: () => done?.() };
}

function thrownBy(task: () => void): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  return undefined;
}

const window = Buffer.alloc(ATTACH.windowBytes);

test('what is more than may be on its way is not counted, so that it is sent again', () => {
  const { output } = stuckTerminal();
  output.show(window);
  output.show(window);
  expect(() => output.show(Buffer.from('more'))).toThrow('more output came than may be on its way');
  expect(output.received).toBe(2 * ATTACH.windowBytes);
});

test('another window is asked for only when the terminal has taken what there is', async () => {
  const { output, take } = stuckTerminal();
  output.show(window);
  output.requireRoom();
  output.show(Buffer.from('more'));
  expect(failureOf(thrownBy(() => output.requireRoom()))).toEqual({
    failure: 'again',
    problem: 'this terminal takes no output',
  });
  take();
  await new Promise((resolve) => setImmediate(resolve));
  output.requireRoom();
});
