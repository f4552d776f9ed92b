// `make bench [ONLY=PART]`, or `node bench/main.ts [--only PART] [--quick]`: each result as one JSON object a line on stdout, progress on stderr, and after a full run
// bench/results.json. Boots a lab of its own where a part needs machines, and takes it down on every way out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exclusively } from '../lab/exclusive.ts';
import { checkoutId } from '../lab/naming.ts';
import { type BenchCluster, openBenchCluster } from './cluster/bench-cluster.ts';
import { removeLeftovers } from './cluster/leftovers.ts';
import { type MachineFacts, NO_DOCKER, machineFacts } from './machine-facts.ts';
import { agentFootprint } from './measures/agent-footprint.ts';
import { attachKeystroke } from './measures/attach-keystroke.ts';
import { attachThroughput } from './measures/attach-throughput.ts';
import { bigLayer } from './measures/big-layer.ts';
import { cliStart } from './measures/cli-start.ts';
import { eventRow } from './measures/event-row.ts';
import { firstPush } from './measures/first-push.ts';
import { outage } from './measures/outage.ts';
import { goingBack } from './measures/return.ts';
import { resume } from './measures/resume.ts';
import { serviceFootprint } from './measures/service-footprint.ts';
import { tui } from './measures/tui.ts';
import { updateImage } from './measures/update-image.ts';
import { updateNoop } from './measures/update-noop.ts';
import { updateProgram } from './measures/update-program.ts';
import { say } from './progress.ts';
import type { LocalMeasure, Measure, Result, Times } from './result.ts';

interface Report {
  /** Such as 2026-11-30. */
  readonly date: string;
  readonly machine: MachineFacts;
  readonly results: readonly Result[];
}

/** In this order: what waits comes before what works, and the one that ends the sessions is last. */
const measures: readonly Measure[] = [
  cliStart,
  agentFootprint,
  attachKeystroke,
  attachThroughput,
  updateImage,
  updateNoop,
  updateProgram,
  outage,
  goingBack,
  resume,
  bigLayer,
  firstPush,
];

/** These come first: a lab would work beside them. */
const localMeasures: readonly LocalMeasure[] = [tui, eventRow, serviceFootprint];

interface Kept {
  readonly machine: Report['machine'];
  readonly results: readonly (Result & { readonly date: string })[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const isChosen = ({ part }: { part: string }): boolean => values.only === undefined || part === values.only;
  const chosen = { local: localMeasures.filter(isChosen), machines: measures.filter(isChosen) };
  if (chosen.local.length + chosen.machines.length === 0) {
    const parts = new Set([...localMeasures, ...measures].map(({ part }) => part));
    process.stderr.write(`bench: --only takes one of ${[...parts].join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  await exclusively(`bench of ${checkoutId}`, async () => {
    await removeLeftovers(); // of a run that was killed
    try {
      const report = await bench(chosen, values.quick ? () => 1 : (usual) => usual);
      if (!values.quick) keep(report);
    } finally {
      await removeLeftovers();
    }
  });
  say('done');
}

interface Chosen {
  readonly local: readonly LocalMeasure[];
  readonly machines: readonly Measure[];
}

async function bench(chosen: Chosen, times: Times): Promise<Report> {
  const results: Result[] = [];
  const take = (found: readonly Result[]): void => {
    for (const result of found) process.stdout.write(`${JSON.stringify(result)}\n`);
    results.push(...found);
  };
  for (const measure of chosen.local) take(await measure.run(times));
  const cluster = chosen.machines.length > 0 ? await openClusterFor(chosen.machines) : undefined;
  if (cluster) for (const measure of chosen.machines) take(await measure.run(cluster, times));
  return { date: new Date().toISOString().slice(0, 10), machine: await machineFacts(cluster?.lab), results };
}

async function openClusterFor(chosen: readonly Measure[]): Promise<BenchCluster> {
  const toolchain = chosen.some(({ needsFullImage }) => needsFullImage) ? 'full' : 'minimal';
  say(`setting up a cluster with the ${toolchain} toolchain`);
  return await openBenchCluster(toolchain);
}

/**
 * What the README's table is made from. A run of one part renews that part and leaves the others: each ratio is of two
 * things measured in one run, so the rows need not be of the same one, and each says its day.
 */
function keep(report: Report): void {
  const file = join(import.meta.dirname, 'results.json');
  const renewed = new Set(report.results.map(({ name }) => name));
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : undefined;
  const before = known?.results ?? [];
  const dated = report.results.map((result) => ({ ...result, date: report.date }));
  const results = [...before.filter(({ name }) => !renewed.has(name)), ...dated];
  const kept: Kept = {
    machine: known && report.machine.docker === NO_DOCKER ? known.machine : report.machine,
    results: results.toSorted((a, b) => a.name.localeCompare(b.name)),
  };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  say(`wrote ${file}`);
}

async function stop(signal: NodeJS.Signals): Promise<never> {
  say(`${signal}: taking the lab down`);
  await removeLeftovers();
  process.exit(130);
}

let stopping: Promise<never> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping ??= stop(signal);
  });
}
try {
  await main();
} catch (error) {
  await stopping; // then what failed is only what the signal ended
  throw error;
}
