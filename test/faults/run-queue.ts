import { messageOf } from '../../src/base/errors.ts';
import type { Breakage } from '../e2e/support/bad-releases.ts';
import { BAD_RELEASES, RETURNS_FROM } from './bad-releases.ts';
import type { CellResult } from './cell-result.ts';
import { FAULTS } from './faults.ts';
import type { Cell } from './matrix.ts';
import { runBadRelease } from './run-bad-release.ts';
import { runCell } from './run-cell.ts';
import { say } from './say.ts';
import { type Site, type Store, openSite } from './site.ts';
import type { Trees } from './trees.ts';
import { clean } from './verdict.ts';

/** Cells that wait for a lab with that store. */
export interface Queue {
  readonly store: Store;
  readonly seed: string;
  readonly trees: Trees;
  readonly cells: Cell[];
}

/** Runs cells one after the other on one lab, and takes a new lab after a cell that ended badly. */
export async function runQueue(
  queue: Queue,
  labName: string,
  note: (result: CellResult) => void,
  broke: string[],
): Promise<void> {
  while (queue.cells.length > 0) {
    say(`${labName}: setting up, ${queue.store}`);
    await using site = await openSite(labName, queue.store, queue.trees);
    for (let cell = queue.cells.shift(); cell; cell = queue.cells.shift()) {
      const startedAt = performance.now();
      try {
        const result = await runOne(site, queue, cell);
        note(result);
        tell(result, queue, performance.now() - startedAt);
        if (!clean(result.verdict)) break;
      } catch (error) {
        broke.push(`${site.store} ${cell.name}: ${messageOf(error)}`);
        say(`BROKE ${site.store} ${cell.name}: ${error instanceof Error ? error.stack : String(error)}`);
        break;
      }
    }
  }
}

export async function runOne(
  site: Site,
  { seed, trees }: Pick<Queue, 'seed' | 'trees'>,
  cell: Cell,
): Promise<CellResult> {
  const fault = FAULTS.find(({ name }) => name === cell.row);
  const versionOf = (breakage: Breakage | undefined): string | undefined =>
    breakage && trees.bad.get(breakage)?.version;
  if (fault) {
    const bad = cell.verb === 'return' ? versionOf(RETURNS_FROM) : undefined;
    return await runCell(site, fault, cell, { seed, bad });
  }
  const bad = BAD_RELEASES.find(({ name }) => name === cell.row);
  if (!bad) throw new Error(`no row ${cell.row}`);
  return await runBadRelease(site, bad, cell, versionOf(bad.breakage));
}

function tell(result: CellResult, { seed }: Queue, tookMs: number): void {
  const { cell, store, endedOn, exitCode, wholeAfterMs, struckAt, verdict, evidence } = result;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const what = `${store} ${cell.name}: exit ${exitCode}, on ${endedOn}, whole after ${seconds(wholeAfterMs)}`;
  say(`${clean(verdict) ? 'ok' : 'BAD'} ${what}, struck at "${struckAt}", took ${seconds(tookMs)}`);
  if (clean(verdict)) return;
  for (const [kind, lines] of Object.entries(verdict) as [string, string[]][]) {
    for (const line of lines) say(`  ${kind}: ${line}`);
  }
  say(`  again: make faults SEED=${seed} STORE=${store} ONLY=${cell.name}`);
  process.stderr.write(evidence);
}
