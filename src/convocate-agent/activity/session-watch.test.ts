import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../../base/deadline.ts';
import { SessionWatch } from './session-watch.ts';

let home: string;
let told = 0;
const at = (...names: string[]): string => join(home, ...names);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'convocate-watch-'));
  mkdirSync(at('.convocate'));
  told = 0;
});
afterEach(() => rmSync(home, { recursive: true }));

function watching(): SessionWatch {
  return new SessionWatch(home, ['.convocate'], () => {
    told += 1;
  });
}

/** As `report-activity` does it. */
function report(directory = at('.convocate')): void {
  writeFileSync(join(directory, '.new'), '{}');
  renameSync(join(directory, '.new'), join(directory, 'activity.json'));
}

async function toldMoreThan(count: number): Promise<void> {
  const look = async (): Promise<true | undefined> => told > count || undefined;
  await pollUntil(look, { timeoutMs: 10_000, intervalMs: 5, what: `told more than ${count} times` });
}

test('every report is told of, also after one', async () => {
  using _watch = watching();
  for (let round = 0; round < 3; round += 1) {
    const before = told;
    report();
    await toldMoreThan(before + 1); // at its first notice, and after the others
  }
});

test('however many reports come, it is told of them twice in 50 ms at most', {
  timeout: 30_000,
}, async () => {
  using _watch = watching();
  const startedAt = performance.now();
  for (let round = 0; round < 200; round += 1) {
    report();
    await nextTurn();
  }
  await toldMoreThan(1);
  expect(told).toBeLessThanOrEqual(4 + (2 * (performance.now() - startedAt)) / 49);
});

test('a directory that takes the place of the one before is listened to', async () => {
  using _watch = watching();
  renameSync(at('.convocate'), at('.aside'));
  mkdirSync(at('.convocate'));
  await toldMoreThan(1);
  const before = told;
  report();
  await toldMoreThan(before);
});

test('what lies behind a link is not listened to', async () => {
  mkdirSync(at('other/.convocate'), { recursive: true });
  rmSync(at('.convocate'), { recursive: true });
  symlinkSync(at('other/.convocate'), at('.convocate'));
  using _watch = watching();
  let toldOwner = 0;
  using _owners = new SessionWatch(at('other'), ['.convocate'], () => {
    toldOwner += 1;
  });
  report(at('other/.convocate'));
  const look = async (): Promise<true | undefined> => toldOwner > 1 || undefined;
  await pollUntil(look, { timeoutMs: 10_000, intervalMs: 5, what: 'the owner of the directory told' });
  expect(told).toBe(0);
});
