// The most telling cells of the fault matrix (test/faults); `make faults` runs all of them, on both of Docker's stores.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOne } from '../faults/run-queue.ts';
import { BAD_RELEASES } from '../faults/bad-releases.ts';
import { FAULTS } from '../faults/faults.ts';
import { choose, matrixOf } from '../faults/matrix.ts';
import { type Site, openSite } from '../faults/site.ts';
import { type Trees, buildTrees } from '../faults/trees.ts';

/** None that dead-man.test.ts or update-cut-off.test.ts has. */
const cells = [
  // Ahead, with this seed: a wait that goes by the clock on the wall would be over at once.
  'clock-1h-off/rollback/note-sessions',
  'cut-ssh/update/disarm',
  'disk-full-root-and-var/update/restart',
  'partition-for-ever/update/confirm',
  'power-cut-shell/update/activate',
];
const seed = '1';

let site: Site;
let trees: Trees;

beforeAll(async () => {
  trees = await buildTrees('faults-test', []);
  site = await openSite('faults-test', 'graph', trees);
});

afterAll(() => site?.[Symbol.asyncDispose]());

test.each(choose(matrixOf(FAULTS, BAD_RELEASES), { seed, only: cells, count: undefined }))(
  '$name: the host is whole on old or new, nothing is lost, the next update finishes',
  async (cell) => {
    const { verdict, evidence } = await runOne(site, { seed, trees }, cell);
    expect(verdict, evidence).toEqual({ lost: [], stranded: [], falseUpdated: [] });
  },
);
