import type { CellResult } from './cell-result.ts';

/** The last line of a run. */
export interface Totals {
  readonly cells: number;
  /** Cells in which a session, a home or a key was not what it was before. */
  readonly lost: number;
  /** Cells after which the host was not whole in time, did not answer, or the next update did not finish. */
  readonly stranded: number;
  /** Cells in which the operator was told what is not so. */
  readonly false_updated: number;
}

export function totalsOf(results: readonly CellResult[]): Totals {
  const count = (is: (result: CellResult) => boolean): number => results.filter(is).length;
  return {
    cells: results.length,
    lost: count(({ verdict }) => verdict.lost.length > 0),
    stranded: count(({ verdict }) => verdict.stranded.length > 0),
    false_updated: count(({ verdict }) => verdict.falseUpdated.length > 0),
  };
}

/** One line for each row and store, in Markdown. */
export function formatTable(results: readonly CellResult[]): string {
  const head = [
    'row',
    'store',
    'cells',
    'on old',
    'on new',
    'whole after, at most',
    'lost',
    'stranded',
    'false',
  ];
  const groups = Map.groupBy(results, ({ cell, store }) => `${cell.row} ${store}`);
  const lines = [...groups.values()].map((cells) => {
    const { cells: number, lost, stranded, false_updated } = totalsOf(cells);
    const slowestMs = Math.max(...cells.map(({ wholeAfterMs }) => wholeAfterMs));
    const [first] = cells;
    const on = (end: CellResult['endedOn']): number => cells.filter(({ endedOn }) => endedOn === end).length;
    return [
      ...[first?.cell.row, first?.store, number, on('old'), on('new')],
      ...[`${Math.round(slowestMs / 1000)} s`, lost, stranded, false_updated],
    ];
  });
  const row = (fields: readonly unknown[]): string => `| ${fields.join(' | ')} |`;
  const body = lines.map(row).toSorted();
  return [row(head), row(head.map(() => '---')), ...body].join('\n');
}
