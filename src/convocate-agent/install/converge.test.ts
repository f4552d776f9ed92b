import { beforeEach, describe, expect, test } from 'vitest';
import { RefusedError } from '../../base/errors.ts';
import { checkItems, converge, convergeAllThatCan } from './converge.ts';
import type { ManagedItem } from './item.ts';

let log: string[];
beforeEach(() => {
  log = [];
});

/** An item that keeps a log, and is right once it was applied. */
function item(name: string, drift: string | undefined, more: Partial<ManagedItem> = {}): ManagedItem {
  let now = drift;
  return {
    name,
    check: () => {
      log.push(`check ${name}`);
      return Promise.resolve(now);
    },
    apply: () => {
      log.push(`apply ${name}`);
      now = undefined;
      return Promise.resolve();
    },
    ...more,
  };
}

describe('converging', () => {
  test('puts right what is not, in order, and says what it was', async () => {
    const items = [item('a', undefined), item('b', 'is missing'), item('c', 'is old')];
    expect((await converge(items)).items).toEqual([
      { item: 'a', state: 'ok' },
      { item: 'b', state: 'fixed', detail: 'is missing' },
      { item: 'c', state: 'fixed', detail: 'is old' },
    ]);
    expect(log).toEqual(['check a', 'check b', 'apply b', 'check c', 'apply c']);
  });

  test('again changes nothing', async () => {
    const items = [item('a', 'is missing'), item('b', undefined)];
    await converge(items);
    log = [];
    expect((await converge(items)).items.map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect(log).toEqual(['check a', 'check b']);
  });

  test('sees in a later item what an earlier one changed', async () => {
    const first = item('unit', 'has other content');
    const second = item('daemon-reload', undefined, {
      check: async () => ((await first.check()) === undefined ? 'a unit changed' : undefined),
    });
    expect((await converge([first, second])).items.map(({ state }) => state)).toEqual(['fixed', 'fixed']);
  });

  test('only warns of what is no reason to call the host unfit', async () => {
    const items = [item('session program', 'is missing', { warnOnly: true }), item('b', 'is old')];
    expect((await converge(items)).items).toEqual([
      { item: 'session program', state: 'warning', detail: 'is missing' },
      { item: 'b', state: 'fixed', detail: 'is old' },
    ]);
    expect(log).not.toContain('apply session program');
  });

  test('refuses before it changes anything, where only the operator can help', async () => {
    const items = [
      item('a', 'is missing'),
      item('docker', 'does not answer', { onlyOperatorCanFix: 'start Docker' }),
      item('c', 'is old'),
    ];
    const error = await converge(items).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ message: 'does not answer', exit: 3, details: { hint: 'start Docker' } });
    expect(log).toEqual(['check docker']);
  });

  test('stops at the first item that cannot be put right', async () => {
    const items = [
      item('a', 'is missing'),
      item('b', 'is no key', { apply: () => Promise.reject(new Error('never overwritten')) }),
      item('c', 'is old'),
    ];
    await expect(converge(items)).rejects.toThrow('never overwritten');
    expect(log).toEqual(['check a', 'apply a', 'check b']);
  });
});

test('checking reports drift and changes nothing', async () => {
  const items = [
    item('a', undefined),
    item('b', 'is old'),
    item('c', 'is missing', { warnOnly: true }),
    item('docker', 'does not answer', { onlyOperatorCanFix: 'start Docker' }),
  ];
  expect(await checkItems(items)).toEqual([
    { item: 'a', state: 'ok' },
    { item: 'b', state: 'drift', detail: 'is old' },
    { item: 'c', state: 'warning', detail: 'is missing' },
    { item: 'docker', state: 'drift', detail: 'does not answer' },
  ]);
  expect(log).toEqual(['check a', 'check b', 'check c', 'check docker']);
});

test('converging all that can be puts right what comes after an item that cannot, and names that one', async () => {
  const full = { apply: () => Promise.reject(new Error('ENOSPC: no space left on device')) };
  const items = [item('a', undefined), item('b', 'is old', full), item('c', 'is missing')];
  expect(await convergeAllThatCan(items)).toEqual([{ item: 'b', why: 'ENOSPC: no space left on device' }]);
  expect(log).toEqual(['check a', 'check b', 'check c', 'apply c']);
});
