import { randomFrom, shuffled } from './random.ts';
import { STEPS, type StepName, type Verb } from './steps.ts';

/** One kind of thing that goes wrong: a row of the table. */
export interface Row {
  readonly name: string;
  /** Of a fault that makes sense at some steps only. */
  readonly strikesAt?: (verb: Verb, step: StepName) => boolean;
}

/** One rollout with one fault. A bad release is a fault of the whole rollout, so it has no step. */
export interface Cell {
  /** Such as "kill-agent/update/activate"; with the seed, all it takes to repeat it. */
  readonly name: string;
  readonly row: string;
  readonly verb: Verb;
  readonly step?: StepName;
}

/** Every fault at every step of the update, of the rollback and of the way back, and every bad release once. */
export function matrixOf(faults: readonly Row[], badReleases: readonly Row[]): Cell[] {
  const struck = faults.flatMap((fault) =>
    (['update', 'rollback', 'return'] as const).flatMap((verb) =>
      STEPS[verb]
        .filter(({ name: step }) => fault.strikesAt?.(verb, step) ?? true)
        .map(
          ({ name: step }): Cell => ({ name: `${fault.name}/${verb}/${step}`, row: fault.name, verb, step }),
        ),
    ),
  );
  const bad = badReleases.map(({ name: row }): Cell => ({ name: `${row}/update`, row, verb: 'update' }));
  return [...struck, ...bad];
}

export interface Choice {
  readonly seed: string;
  /** Names of rows or cells, or the beginnings of cells' names up to a slash; empty: all. */
  readonly only: readonly string[];
  /** So many of them; undefined: all. */
  readonly count: number | undefined;
}

/** In an order that follows from the seed: what comes before a cell should not always be the same. */
export function choose(cells: readonly Cell[], { seed, only, count }: Choice): Cell[] {
  const isMeant = ({ name }: Cell): boolean =>
    only.some((words) => name === words || name.startsWith(`${words}/`));
  const unknown = only.filter((words) => !cells.some(({ name }) => `${name}/`.startsWith(`${words}/`)));
  if (unknown.length > 0) throw new Error(`no row or cell is called ${unknown.join(', ')}`);
  const meant = only.length === 0 ? cells : cells.filter(isMeant);
  return shuffled(meant, randomFrom(seed)).slice(0, count);
}
