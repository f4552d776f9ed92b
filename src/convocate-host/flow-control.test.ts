import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Window, inPieces } from './flow-control.ts';

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

describe('pieces', () => {
  /** A clock that stands still but for those who sleep by it. */
  const clock = { at: 0, now: () => clock.at, sleep: async (ms: number) => void (clock.at += ms) };
  const chunks = fc.array(fc.uint8Array({ maxLength: 200_000, minLength: 1 }), { maxLength: 4 });
  const take = async (source: readonly Buffer[], rate?: number): Promise<Buffer[]> => {
    clock.at = 0;
    const pieces: Buffer[] = [];
    for await (const piece of inPieces(source, rate, clock)) pieces.push(piece);
    return pieces;
  };

  test('are all of it in order, small, and sent in the time that the rate says', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunks,
        fc.option(fc.integer({ min: 1000, max: 1e7 }), { nil: undefined }),
        async (bytes, rate) => {
          const source = bytes.map((chunk) => Buffer.from(chunk));
          const pieces = await take(source, rate);
          expect(Buffer.concat(pieces).equals(Buffer.concat(source))).toBe(true);
          const most = Math.min(64 * 1024, Math.max(1024, (rate ?? 1e9) / 10));
          for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(most);
          const before = pieces.slice(0, -1).reduce((sum, piece) => sum + piece.length, 0);
          expect(clock.at).toBeCloseTo(rate === undefined ? 0 : (before * 1000) / rate, 3);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('make nothing up for time that was lost', async () => {
    clock.at = 0;
    const pieces = inPieces([Buffer.alloc(3072)], 1024, clock);
    await pieces.next();
    clock.at = 10_000;
    await pieces.next();
    expect(clock.at).toBe(10_000);
    await pieces.next();
    expect(clock.at).toBe(11_000);
  });

  test('by a real clock take no less time than they must', async () => {
    const startedAt = performance.now();
    for await (const piece of inPieces([Buffer.alloc(150_000)], 500_000))
      expect(piece.length).toBeGreaterThan(0);
    expect((performance.now() - startedAt) / 1000).toBeGreaterThan(0.15);
  });
});
