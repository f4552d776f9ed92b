// `make bench [ONLY=part]`: each result as one JSON object a line on stdout, progress on stderr, and after a full run
// bench/results.json. Boots a lab of its own and takes it down on every way out.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findEngine } from '../lab/engine.ts';
import { exclusively } from '../lab/exclusive.ts';
import { checkoutId } from '../lab/naming.ts';
import { removeLab } from '../lab/remove.ts';
import { type BenchCluster, openBenchCluster } from './cluster/bench-cluster.ts';
import { machineFacts } from './machine-facts.ts';
import { agentFootprint } from './measures/agent-footprint.ts';
import { attachKeystroke } from './measures/attach-keystroke.ts';
import { attachThroughput } from './measures/attach-throughput.ts';
import { cliStart } from './measures/cli-start.ts';
import { firstPush } from './measures/first-push.ts';
import { updateImage } from './measures/update-image.ts';
import { updateNoop } from './measures/update-noop.ts';
import { updateProgram } from './measures/update-program.ts';
import { say } from './progress.ts';
import type { Measure, Result } from './result.ts';

const labName = 'bench';

/** In this order: what waits comes before what works, and the one that ends the sessions is last. */
const measures: readonly Measure[] = [
  cliStart,
  agentFootprint,
  attachKeystroke,
  attachThroughput,
  updateImage,
  updateNoop,
  updateProgram,
  firstPush,
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const chosen = measures.filter(({ part }) => values.only === undefined || part === values.only);
  if (chosen.length === 0) {
    const parts = new Set(measures.map(({ part }) => part));
    process.stderr.write(`bench: --only takes one of ${[...parts].join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(signal));
  await exclusively(`bench of ${checkoutId}`, () => bench(chosen, values.only === undefined));
}

async function bench(chosen: readonly Measure[], isFull: boolean): Promise<void> {
  await removeLeftovers();
  const toolchain = chosen.some(({ needsFullImage }) => needsFullImage) ? 'full' : 'minimal';
  say(`setting up a cluster with the ${toolchain} toolchain`);
  await using cluster = await openBenchCluster(labName, toolchain);
  const results: Result[] = [];
  for (const measure of chosen) {
    for (const result of await measure.run(cluster)) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      results.push(result);
    }
  }
  if (isFull) await keep(cluster, results);
}

async function keep(cluster: BenchCluster, results: readonly Result[]): Promise<void> {
  const argv = ['docker', 'version', '--format', '{{.Server.Version}}'];
  const inside = (await cluster.agent.run(argv)).stdout.trim();
  const machine = await machineFacts(cluster.lab.engine.docker, inside);
  const file = join(import.meta.dirname, 'results.json');
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(file, `${JSON.stringify({ date, machine, results }, null, 2)}\n`);
  say(`wrote ${file}`);
}

/** Of a run that was killed. */
async function removeLeftovers(): Promise<void> {
  const engine = await findEngine();
  if (engine) await removeLab(engine.docker, labName);
}

async function stop(signal: NodeJS.Signals): Promise<never> {
  say(`${signal}: taking the lab down`);
  await removeLeftovers();
  process.exit(130);
}

await main();
