import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { fakeHost } from './fake-host.ts';

describe('a fake host fails', () => {
  test('on a call that was not expected, and names both', async () => {
    const host = fakeHost('agent-a', [{ argv: ['true'] }]);
    await expect(host.run(['rm', '-rf', '/'])).rejects.toThrow(
      'the fake host agent-a was asked: rm -rf /\nbut expected: true',
    );
    await expect(host.run(['true', ''])).rejects.toThrow("was asked: true ''\nbut expected: true");
    await expect(host.start(['true'])).rejects.toThrow('but expected: true');
  });

  test('on a call after the last, and in another order', async () => {
    const host = fakeHost('agent-a', [{ argv: ['one'] }, { start: ['two'] }]);
    await expect(host.start(['two'])).rejects.toThrow('but expected: one');
    await host.run(['one']);
    await expect(host.run(['two'])).rejects.toThrow('but expected: the start of two');
    await host.start(['two']);
    await expect(host.run(['three'])).rejects.toThrow('but expected: nothing more');
  });

  test('on other input than expected', async () => {
    const host = fakeHost('agent-a', [{ argv: ['cat'], input: 'right' }]);
    await expect(host.run(['cat'], { input: 'wrong' })).rejects.toThrow(
      'was sent "wrong" instead of "right"',
    );
  });

  test('where an expected call was not made, or it was not closed', async () => {
    const host = fakeHost('agent-a', [{ argv: ['true'] }]);
    expect(() => host.assertDone()).toThrow('still expects: true');
    await host.run(['true']);
    expect(() => host.assertDone()).toThrow('1 connections to the fake host agent-a were not closed');
    const second = await host.reconnect();
    await host.close();
    await host.close();
    expect(() => host.assertDone()).toThrow('1 connections');
    await second.close();
    host.assertDone();
    await expect(host.run(['true'])).rejects.toThrow('after its end');
  });
});

test('it answers as it was told', async () => {
  const lost = new Error('the SSH connection was lost');
  const host = fakeHost('agent-a', [
    { argv: ['a'], answer: { exitCode: 3, stderr: 'no' } },
    { argv: ['b'], input: 'xy', answer: { stdout: 'out' } },
    { argv: ['c'], answer: { exitCode: 1, stderr: 'bad\n' } },
    { argv: ['d'], answer: lost },
  ]);
  expect(await host.run(['a'])).toEqual({ exitCode: 3, stdout: '', stderr: 'no' });
  expect(await host.check(['b'], { input: Readable.from([Buffer.from('x'), Buffer.from('y')]) })).toBe('out');
  await expect(host.check(['c'])).rejects.toMatchObject({
    message: 'c failed',
    details: { host: 'agent-a', exitCode: 1, output: 'bad' },
  });
  await expect(host.run(['d'])).rejects.toBe(lost);
});
