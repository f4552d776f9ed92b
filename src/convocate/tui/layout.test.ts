import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layoutOf, listRows, pageRows, scrolledTo, settingsRows } from './layout.ts';
import { NOW_MS, agentOf, ago, clusterOf, sessionOf, stateOfCluster } from './tui-fixture.ts';

function withDown(count: number) {
  const agents = Array.from({ length: 6 }, (_, index) => agentOf(index + 1, { up: index >= count }));
  return clusterOf([], { agents });
}

describe('the window', () => {
  test.each([
    [80, 24, 0, { listRows: 20, previewCols: 0 }],
    [40, 12, 1, { listRows: 7, previewCols: 0 }],
    [120, 40, 3, { listRows: 33, previewCols: 46 }],
    [160, 40, 0, { listRows: 36, previewCols: 52 }],
    [200, 50, 6, { listRows: 42, previewCols: 90 }],
    [300, 50, 0, { listRows: 46, previewCols: 100 }],
    [20, 3, 6, { listRows: 1, previewCols: 0 }],
  ])('%i×%i with %i agents down', (cols, rows, down, layout) => {
    expect(layoutOf({ size: { cols, rows }, cluster: withDown(down), nowMs: NOW_MS })).toEqual(layout);
  });

  test('an agent whose rows are stale is in trouble too', () => {
    const state = stateOfCluster(clusterOf([sessionOf(1, { stale: true })]));
    expect(listRows(state)).toBe(19);
  });

  test.each([
    [9, 20],
    [10, 19],
  ])('an agent without events for %i s leaves %i rows', (seconds, rows) => {
    const agent = agentOf(1, { status_link: { up: false, since: ago(seconds), version: '' } });
    expect(listRows(stateOfCluster(clusterOf([], { agents: [agent] })))).toBe(rows);
  });

  test('pages', () => {
    expect([12, 24, 2].map((rows) => pageRows({ cols: 80, rows }))).toEqual([9, 21, 1]);
    expect([12, 24, 2].map((rows) => settingsRows({ cols: 80, rows }))).toEqual([1, 13, 1]);
  });
});

test('scrolling shows the line that is asked for, and moves only where it must', () => {
  fc.assert(
    fc.property(
      fc.nat(50),
      fc.nat(60),
      fc.nat(50),
      fc.integer({ min: 1, max: 20 }),
      (at, top, more, rows) => {
        const total = at + 1 + more;
        const now = scrolledTo(at, top, total, rows);
        expect(now).toBeLessThanOrEqual(at);
        expect(now + rows).toBeGreaterThan(at);
        expect(now).toBeLessThanOrEqual(Math.max(0, total - rows));
        if (top <= at && at < top + rows && top + rows <= total) expect(now).toBe(top);
      },
    ),
  );
});
