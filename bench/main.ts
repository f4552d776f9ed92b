// `make bench [ONLY=PART]`, or `node bench/main.ts [--only PART] [--quick]`: each result as one JSON object a line on stdout, progress on stderr, and after a full run
// bench/results.json. Boots a lab of its own and takes it down on every way out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exclusively } from '../lab/exclusive.ts';
import { checkoutId } from '../lab/naming.ts';
import { openBenchCluster } from './cluster/bench-cluster.ts';
import { removeLeftovers } from './cluster/leftovers.ts';
import { type MachineFacts, machineFacts } from './machine-facts.ts';
import { agentFootprint } from './measures/agent-footprint.ts';
import { attachKeystroke } from './measures/attach-keystroke.ts';
import { attachThroughput } from './measures/attach-throughput.ts';
import { bigLayer } from './measures/big-layer.ts';
import { cliStart } from './measures/cli-start.ts';
import { firstPush } from './measures/first-push.ts';
import { outage } from './measures/outage.ts';
import { goingBack } from './measures/return.ts';
import { resume } from './measures/resume.ts';
import { updateImage } from './measures/update-image.ts';
import { updateNoop } from './measures/update-noop.ts';
import { updateProgram } from './measures/update-program.ts';
import { say } from './progress.ts';
import type { Measure, Result, Times } from './result.ts';

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

interface Kept {
  readonly machine: Report['machine'];
  readonly results: readonly (Result & { readonly date: string })[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const chosen = measures.filter(({ part }) => values.only === undefined || part === values.only);
  if (chosen.length === 0) {
    const parts = new Set(measures.map(({ part }) => part));
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

async function bench(chosen: readonly Measure[], times: Times): Promise<Report> {
  const toolchain = chosen.some(({ needsFullImage }) => needsFullImage) ? 'full' : 'minimal';
  say(`setting up a cluster with the ${toolchain} toolchain`);
  const cluster = await openBenchCluster(toolchain);
  const results: Result[] = [];
  for (const measure of chosen) {
    for (const result of await measure.run(cluster, times)) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      results.push(result);
    }
  }
  return { date: new Date().toISOString().slice(0, 10), machine: await machineFacts(cluster.lab), results };
}

/**
 * What the README's table is made from. A run of one part renews that part and leaves the others: each ratio is of two
 * things measured in one run, so the rows need not be of the same one, and each says its day.
 */
function keep(report: Report): void {
  const file = join(import.meta.dirname, 'results.json');
  const renewed = new Set(report.results.map(({ name }) => name));
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept).results : [];
  const dated = report.results.map((result) => ({ ...result, date: report.date }));
  const results = [...before.filter(({ name }) => !renewed.has(name)), ...dated];
  const kept: Kept = {
    machine: report.machine,
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
