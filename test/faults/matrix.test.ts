import { describe, expect, test } from 'vitest';
import { BAD_RELEASES } from './bad-releases.ts';
import { FAULTS } from './faults.ts';
import { type Choice, choose, matrixOf } from './matrix.ts';
import { STEPS } from './steps.ts';

const all = matrixOf(FAULTS, BAD_RELEASES);
const chosen = (choice: Partial<Choice>): string[] =>
  choose(all, { seed: '1', only: [], count: undefined, ...choice }).map(({ name }) => name);

describe('the matrix', () => {
  test('has every fault at every step of the update, of the rollback and of the way back', () => {
    const steps = STEPS.update.length + STEPS.rollback.length + STEPS.return.length;
    for (const { name } of FAULTS.filter(({ strikesAt }) => strikesAt === undefined)) {
      expect(all.filter(({ row }) => row === name)).toHaveLength(steps);
    }
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  test('has every bad release once', () => {
    for (const { name } of BAD_RELEASES) expect(all.filter(({ row }) => row === name)).toHaveLength(1);
  });
});

describe('a choice of cells', () => {
  test('follows from the seed, and another seed gives another order of the same', () => {
    expect(chosen({})).toEqual(chosen({}));
    expect(chosen({ seed: '2' })).not.toEqual(chosen({}));
    expect(chosen({ seed: '2' }).toSorted()).toEqual(chosen({}).toSorted());
  });

  test('is of rows, of the beginnings of names, and of single cells', () => {
    expect(chosen({ only: ['kill-agent'] })).toHaveLength(24);
    expect(chosen({ only: ['kill-agent/rollback'] })).toHaveLength(10);
    expect(chosen({ only: ['kill-agent/rollback/arm', 'layer-missing'] }).toSorted()).toEqual([
      'kill-agent/rollback/arm',
      'layer-missing/update',
    ]);
    expect(() => chosen({ only: ['kill-agen'] })).toThrow('no row or cell is called kill-agen');
  });

  test('of some is the beginning of all', () => {
    expect(chosen({ count: 7 })).toEqual(chosen({}).slice(0, 7));
  });
});
