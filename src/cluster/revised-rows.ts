import { isDeepStrictEqual } from 'node:util';

interface Row<View> {
  /** Undefined once the row has gone: its key stays until nobody is behind it. */
  readonly view: View | undefined;
  readonly revision: number;
}

export interface RowChanges<View> {
  readonly views: readonly View[];
  /** Keys of the rows that went. */
  readonly gone: readonly string[];
}

/**
 * Rows by key, each with the revision of its last change, so that what is another since any moment can be told without
 * keeping anything for whoever asks.
 */
export class RevisedRows<View> {
  readonly #rows = new Map<string, Row<View>>();
  #goneRows = 0;

  /** True where that changes the row; then it is of `revision`. */
  put(key: string, view: View, revision: number): boolean {
    const known = this.#rows.get(key);
    if (known?.view !== undefined && isDeepStrictEqual(known.view, view)) return false;
    if (known && known.view === undefined) this.#goneRows -= 1;
    this.#rows.set(key, { view, revision });
    return true;
  }

  /** True where there was such a row. */
  drop(key: string, revision: number): boolean {
    if (this.#rows.get(key)?.view === undefined) return false;
    this.#goneRows += 1;
    this.#rows.set(key, { view: undefined, revision });
    return true;
  }

  /** Keys of the rows that are there. */
  keys(): string[] {
    return [...this.#rows].filter(([, { view }]) => view !== undefined).map(([key]) => key);
  }

  since(revision: number): RowChanges<View> {
    const views: View[] = [];
    const gone: string[] = [];
    for (const [key, row] of this.#rows) {
      if (row.revision <= revision) continue;
      if (row.view === undefined) gone.push(key);
      else views.push(row.view);
    }
    return { views, gone };
  }

  /** Nobody will ask for what went up to `revision` any more. */
  forgetGone(revision: number): void {
    if (this.#goneRows === 0) return;
    for (const [key, row] of this.#rows) {
      if (row.view !== undefined || row.revision > revision) continue;
      this.#rows.delete(key);
      this.#goneRows -= 1;
    }
  }
}
