import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CellResult } from './cell-result.ts';
import { Journal } from './journal.ts';
import type { Cell } from './matrix.ts';

const cell = (row: string): Cell => ({ name: `${row}/update/arm`, row, verb: 'update', step: 'arm' });
const result = (row: string, lost: string[] = []): CellResult => ({
  cell: cell(row),
  store: 'graph',
  endedOn: 'old',
  exitCode: 1,
  struckAt: 'arming',
  wholeAfterMs: 1_000,
  verdict: { lost, stranded: [], falseUpdated: [] },
  evidence: '',
});

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(dir, 'faults.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true }));

test('a later run goes on with what has not ended well', () => {
  const first = new Journal(file, '7');
  first.add(result('kill-agent'));
  first.add(result('cut-ssh', ['a home']));
  const next = new Journal(file, '7');
  const cells = [cell('kill-agent'), cell('cut-ssh'), cell('power-cut')];
  expect(next.left(cells, 'graph').map(({ row }) => row)).toEqual(['cut-ssh', 'power-cut']);
  expect(next.left(cells, 'containerd')).toEqual(cells);
  expect(next.badBefore()).toEqual([]);
});

test('a cell that was bad once is not forgotten when it ends well', () => {
  new Journal(file, '7').add(result('cut-ssh', ['a home']));
  const next = new Journal(file, '7');
  next.add(result('cut-ssh'));
  expect(next.good().map(({ cell: { row } }) => row)).toEqual(['cut-ssh']);
  expect(next.badBefore().map(({ verdict }) => verdict.lost)).toEqual([['a home']]);
});

test('another seed is another run', () => {
  new Journal(file, '7').add(result('cut-ssh'));
  expect(new Journal(file, '8').left([cell('cut-ssh')], 'graph')).toEqual([cell('cut-ssh')]);
});
