import { expect, test } from 'vitest';
import type { CellResult } from './cell-result.ts';
import { formatTable, totalsOf } from './table.ts';
import type { Verdict } from './verdict.ts';

const result = (row: string, endedOn: CellResult['endedOn'], verdict: Partial<Verdict> = {}): CellResult => ({
  cell: { name: `${row}/update/arm`, row, verb: 'update', step: 'arm' },
  store: 'graph',
  endedOn,
  exitCode: 0,
  struckAt: 'arming the dead-man timer',
  wholeAfterMs: endedOn === 'old' ? 21_400 : 3_000,
  verdict: { lost: [], stranded: [], falseUpdated: [], ...verdict },
  evidence: '',
});
const results = [
  result('kill-agent', 'old'),
  result('kill-agent', 'new'),
  result('cut-ssh', 'neither', { lost: ['a', 'b'], stranded: ['c'] }),
];

test('totals count cells, not findings', () => {
  expect(totalsOf(results)).toEqual({ cells: 3, lost: 1, stranded: 1, false_updated: 0 });
});

test('the table has a line for each row', () => {
  expect(formatTable(results)).toBe(
    [
      '| row | store | cells | on old | on new | whole after, at most | lost | stranded | false |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      '| cut-ssh | graph | 1 | 0 | 0 | 3 s | 1 | 1 | 0 |',
      '| kill-agent | graph | 2 | 1 | 1 | 21 s | 0 | 0 | 0 |',
    ].join('\n'),
  );
});
