import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace, Window } from './flow-control.ts';

describe('the window', () => {
  test('never lets more under way than its limit, and lets all of it through', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.integer({ min: 100, max: 300 }),
        fc.infiniteStream(fc.nat(3)),
        async (pieces, limit, pauses) => {
          const window = new Window(limit);
          let [sent, landed, most] = [0, 0, 0];
          const sending = (async () => {
            for (const piece of pieces) {
              expect(await window.reserve(piece)).toBe(true);
              sent += piece;
              most = Math.max(most, sent - landed);
            }
          })();
          const total = pieces.reduce((sum, piece) => sum + piece, 0);
          while (landed < total) {
            for (let tick = pauses.next().value ?? 0; tick >= 0; tick -= 1) await Promise.resolve();
            landed = sent; // all of it, at once
            window.acknowledge(landed);
          }
          await sending;
          expect(most).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('says so when the other end is gone, also to one who waits', async () => {
    const window = new Window(10);
    expect(await window.reserve(10)).toBe(true);
    const waiting = window.reserve(1);
    window.close();
    expect(await waiting).toBe(false);
    expect(await window.reserve(1)).toBe(false);
  });

  test('is not widened by an acknowledgement that comes late', async () => {
    const window = new Window(10);
    await window.reserve(10);
    window.acknowledge(8);
    window.acknowledge(5);
    expect(await window.reserve(8)).toBe(true);
  });
});

describe('a pace', () => {
  /** A clock that stands still but for those who sleep by it. */
  const clock = { at: 0, now: () => clock.at, sleep: async (ms: number) => void (clock.at += ms) };

  test('takes as long as the rate says, whatever the pieces are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 1 }),
        fc.integer({ min: 1000, max: 1e7 }),
        async (pieces, rate) => {
          clock.at = 0;
          const pace = new Pace(rate, clock);
          for (const piece of pieces) await pace.take(piece);
          const before = pieces.slice(0, -1).reduce((sum, piece) => sum + piece, 0);
          expect(clock.at).toBeCloseTo((before * 1000) / rate, 3);
        },
      ),
    );
  });

  test('makes nothing up for time that was lost', async () => {
    clock.at = 0;
    const pace = new Pace(1000, clock);
    await pace.take(1000);
    clock.at = 10_000;
    await pace.take(1000);
    expect(clock.at).toBe(10_000);
    await pace.take(1000);
    expect(clock.at).toBe(11_000);
  });
});
