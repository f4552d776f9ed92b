// `make faults [SEED=…] [ONLY=row[,row/verb/step]] [STORE=graph|containerd] [CELLS=n] [LABS=n] [JOURNAL=file]`: the fault
// matrix, on labs of its own; with a journal, a run goes on where the last one with the same seed stopped. Progress on stderr; the table and one line of JSON on stdout. Exit 1 when anything was lost.
import { parseArgs } from 'node:util';
import { openEngine } from '../../lab/engine.ts';
import { exclusively } from '../../lab/exclusive.ts';
import { findMachines } from '../../lab/find-machines.ts';
import { checkoutId } from '../../lab/naming.ts';
import { removeLab } from '../../lab/remove.ts';
import { BAD_RELEASES, breakagesOf } from './bad-releases.ts';
import type { CellResult } from './cell-result.ts';
import { FAULTS } from './faults.ts';
import { Journal } from './journal.ts';
import { choose, matrixOf } from './matrix.ts';
import { type Queue, runQueue } from './run-queue.ts';
import { say } from './say.ts';
import type { Store } from './site.ts';
import { formatTable, totalsOf } from './table.ts';
import { buildTrees } from './trees.ts';

const LAB_PREFIX = 'faults-';
const STORES: readonly Store[] = ['graph', 'containerd'];

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seed: text, only: text, store: text, cells: text, labs: text, journal: text },
  });
  const seed = values.seed ?? String(Date.now());
  const stores = STORES.filter((store) => values.store === undefined || values.store === store);
  if (stores.length === 0) throw new Error(`STORE takes one of ${STORES.join(', ')}`);
  const only = values.only?.split(',') ?? [];
  const count = values.cells === undefined ? undefined : Number(values.cells);
  const cells = choose(matrixOf(FAULTS, BAD_RELEASES), { seed, only, count });
  say(`seed ${seed}: ${cells.length} cells on each of ${stores.join(' and ')}`);
  const trees = await buildTrees('faults', breakagesOf(cells));

  const labs = Number(values.labs ?? '2');
  const journal = values.journal === undefined ? undefined : new Journal(values.journal, seed);
  const results: CellResult[] = journal?.good() ?? [];
  if (results.length > 0) say(`${results.length} cells ended well before, by ${values.journal}`);
  const queues = stores.map((store): Queue => {
    const left = journal?.left(cells, store) ?? [...cells];
    return { store, seed, trees, cells: left };
  });
  const note = (result: CellResult): void => {
    results.push(result);
    journal?.add(result);
  };
  const broke: string[] = [];
  const workers = Array.from({ length: labs }, async (_, index) => {
    // Each store has a lab of its own while there are cells for it; then its lab helps with the other.
    const order = queues.map((_queue, turn) => queues[(index + turn) % queues.length] as Queue);
    for (const queue of order) await runQueue(queue, `${LAB_PREFIX}${index}`, note, broke);
  });
  await Promise.all(workers);

  process.stdout.write(`${formatTable(results)}\n`);
  for (const line of broke) process.stdout.write(`could not be run: ${line}\n`);
  for (const { cell, store, verdict } of journal?.badBefore() ?? [])
    process.stdout.write(
      `ended badly before, and well since: ${store} ${cell.name}: ${JSON.stringify(verdict)}\n`,
    );
  const totals = totalsOf(results);
  process.stdout.write(`${JSON.stringify({ ...totals, seed })}\n`);
  const isClean = totals.lost + totals.stranded + totals.false_updated + broke.length === 0;
  if (!isClean) process.exitCode = 1;
}

/** A run that is ended takes its labs along. */
async function stop(signal: NodeJS.Signals): Promise<never> {
  say(`${signal}: taking the labs down`);
  const { docker } = await openEngine();
  for (const machine of await findMachines(docker)) {
    if (machine.identity.lab.startsWith(LAB_PREFIX)) await removeLab(docker, machine.identity.lab);
  }
  process.exit(130);
}

let stopping: Promise<never> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping ??= stop(signal);
  });
}
try {
  await exclusively(`faults of ${checkoutId}`, main);
} catch (error) {
  await stopping; // then what failed is only what the signal ended
  throw error;
}
