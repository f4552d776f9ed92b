import { describe, expect, test } from 'vitest';
import { untruths, untruthsOfTwo } from './verdict.ts';

const run = (exitCode: number, outcome?: string, stderr = '') => ({
  exitCode,
  stderr,
  events: outcome === undefined ? [] : [{ event: 'result', outcome }],
});
const onNew = { live: 'v1', target: 'v2', found: 'v2' };
const onOld = { ...onNew, found: 'v1' };

describe('what a run said', () => {
  test('is true where the host is what it says', () => {
    expect(untruths(run(0, 'updated'), onNew)).toEqual([]);
    expect(untruths(run(4), onOld)).toEqual([]);
    expect(untruths(run(3), onOld)).toEqual([]);
  });

  test('may be open after a failure or a kill, unless it had said its result', () => {
    for (const code of [1, 137]) {
      expect(untruths(run(code), onOld)).toEqual([]);
      expect(untruths(run(code), onNew)).toEqual([]);
      expect(untruths(run(code, 'updated'), onOld)).toHaveLength(1);
    }
  });

  test('is false where the host is not on what was promised', () => {
    expect(untruths(run(0, 'updated'), onOld)).toEqual([
      'it exited with 0 and said updated, and the host is on v1, not on v2',
    ]);
    expect(untruths(run(4), onNew)).toEqual(['it exited with 4, and the host is on v2, not on v1']);
    expect(untruths(run(0), onNew)).toEqual(['it exited with 0, and gave no result']);
  });
});

describe('of two operators', () => {
  const told =
    'another rollout is under way on this host: held by alice on shell since 2026-11-24T03:00:00.000Z, logged in from 10.1.2.3';

  test('one may be refused, by name', () => {
    expect(untruthsOfTwo(run(0, 'updated'), run(3, undefined, told), 0)).toEqual([]);
    expect(untruthsOfTwo(run(3, undefined, told), run(0, 'updated'), 0)).toEqual([]);
  });

  test('both are told where what they roll out does not come up', () => {
    expect(untruthsOfTwo(run(4), run(3, undefined, told), 4)).toEqual([]);
    expect(untruthsOfTwo(run(4), run(4), 4)).toEqual([]);
    expect(untruthsOfTwo(run(0, 'updated'), run(3, undefined, told), 4)).toHaveLength(2);
  });

  test('none fails, and both are not refused', () => {
    expect(untruthsOfTwo(run(0, 'updated'), run(3, undefined, 'refused'), 0)).toHaveLength(1);
    expect(untruthsOfTwo(run(1), run(3, undefined, told), 0)).toHaveLength(2);
  });
});
