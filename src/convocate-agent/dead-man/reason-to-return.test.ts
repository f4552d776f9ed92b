import { describe, expect, test } from 'vitest';
import { type Look, ReasonToReturn } from './reason-to-return.ts';

const WELL: Look = {
  uptimeS: 100,
  isActivated: true,
  activeState: 'active',
  restarts: 0,
  requested: undefined,
};
const reasons = (...looks: Partial<Look>[]): (string | undefined)[] => {
  const finder = new ReasonToReturn({ deadline_s: 160, window_s: 60 });
  return looks.map((look) => finder.find({ ...WELL, ...look }));
};

test('a rollout that goes well is left alone until its time is up', () => {
  expect(reasons({}, { uptimeS: 159.9 }, { uptimeS: 160 })).toEqual([
    undefined,
    undefined,
    'nobody confirmed it within 60 s',
  ]);
});

test('the shell may ask for the way back, in its own words', () => {
  expect(reasons({ requested: '222 answers as another' })).toEqual(['222 answers as another']);
});

test('three starts that fail are enough, however fast they come', () => {
  const thrice = 'the agent failed to stay up 3 times';
  expect(reasons({}, { restarts: 1 }, { restarts: 2 }, { restarts: 3 })).toEqual([
    undefined,
    undefined,
    undefined,
    thrice,
  ]);
  expect(reasons({}, { restarts: 3 })).toEqual([undefined, thrice]);
});

test('restarts of the program before, and those that a restart by hand set to zero, do not count', () => {
  const before = { isActivated: false };
  expect(
    reasons({ ...before, restarts: 7 }, { ...before, restarts: 12 }, { restarts: 12 }, {}, { restarts: 2 }),
  ).toEqual(Array.from({ length: 5 }, () => undefined));
  expect(reasons({ restarts: 12 }, { restarts: 2 }, { restarts: 3 }).at(-1)).toBe(
    'the agent failed to stay up 3 times',
  );
});

test('a count that systemd did not tell counts nothing, and what came meanwhile counts once it does', () => {
  const silent = { activeState: '', restarts: undefined };
  expect(reasons({ restarts: 12 }, silent, { restarts: 12 }, silent, { restarts: 14 })).toEqual(
    Array.from({ length: 5 }, () => undefined),
  );
  expect(reasons({ restarts: 12 }, silent, { restarts: 15 }).at(-1)).toBe(
    'the agent failed to stay up 3 times',
  );
});

describe('a unit that systemd gave up on', () => {
  const failed = { activeState: 'failed' };
  const gaveUp = 'systemd gave up starting the agent';

  test('is a reason, but only once the release is live', () => {
    expect(reasons({}, failed)).toEqual([undefined, gaveUp]);
    expect(reasons({ isActivated: false }, { ...failed, isActivated: false })).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('before the switch is none until the new release was tried: it may be what mends the host', () => {
    const before = { ...failed, isActivated: false };
    const trying = { activeState: 'activating' };
    expect(reasons(before, failed, failed, trying, failed)).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      gaveUp,
    ]);
    expect(reasons({ isActivated: false }, failed)).toEqual([undefined, undefined]);
  });

  test('and that is not tried at all waits until the time is up', () => {
    expect(reasons(failed, { ...failed, uptimeS: 160 })).toEqual([
      undefined,
      'nobody confirmed it within 60 s',
    ]);
  });

  test('is not told from one that was tried by a systemd that does not answer', () => {
    expect(reasons(failed, { activeState: '' }, failed)).toEqual([undefined, undefined, undefined]);
  });
});
