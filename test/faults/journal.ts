// The whole matrix takes hours. A run that is given a journal writes each cell's result to it at once, and the next run with
// the same journal and seed goes on with the cells that have not ended well yet.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { CellResult } from './cell-result.ts';
import type { Cell } from './matrix.ts';
import type { Store } from './site.ts';
import { clean } from './verdict.ts';

interface Entry {
  readonly seed: string;
  readonly result: CellResult;
}

export class Journal {
  readonly #file: string;
  readonly #seed: string;
  readonly #results: CellResult[];

  /** Reads what the file holds of this seed; it need not exist. */
  constructor(file: string, seed: string) {
    this.#file = file;
    this.#seed = seed;
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    const entries = lines.map((line) => JSON.parse(line) as Entry);
    this.#results = entries.filter((entry) => entry.seed === seed).map(({ result }) => result);
  }

  add(result: CellResult): void {
    appendFileSync(this.#file, `${JSON.stringify({ seed: this.#seed, result } satisfies Entry)}\n`);
    this.#results.push(result);
  }

  /** The last result of each cell that ended well there. */
  good(): CellResult[] {
    return [...this.#last().values()].filter(({ verdict }) => clean(verdict));
  }

  /** Cells that ended badly once and were run again since. */
  badBefore(): CellResult[] {
    const last = new Set(this.#last().values());
    return this.#results.filter((result) => !clean(result.verdict) && !last.has(result));
  }

  /** Those of `cells` that have not ended well on this store. */
  left(cells: readonly Cell[], store: Store): Cell[] {
    const done = new Set(this.good().map(keyOf));
    return cells.filter((cell) => !done.has(keyOf({ cell, store })));
  }

  #last(): Map<string, CellResult> {
    return new Map(this.#results.map((result) => [keyOf(result), result]));
  }
}

function keyOf({ cell, store }: Pick<CellResult, 'cell' | 'store'>): string {
  return `${store} ${cell.name}`;
}
