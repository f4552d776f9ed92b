// What the agent service costs a host that only waits.
import { setTimeout as pause } from 'node:timers/promises';
import type { Machine } from '../../lab/machine.ts';
import { say } from '../progress.ts';
import { type Measure, type Result, median, rounded, spread } from '../result.ts';

const settleMs = 10_000;
const idleMs = 30_000;

interface Footprint {
  readonly rssMib: number;
  readonly pssMib: number;
  /** Of one core. */
  readonly cpuPercent: number;
}

export const agentFootprint: Measure = {
  part: 'agent',
  needsFullImage: false,
  run: async (cluster, times) => {
    const runs = times(3);
    await cluster.sessions();
    const footprints: Footprint[] = [];
    for (let run = 0; run < runs; run += 1) {
      const footprint = await measureFresh(cluster.agent);
      const { rssMib, pssMib, cpuPercent } = footprint;
      say(
        `agent: RSS ${rssMib.toFixed(1)} MiB, PSS ${pssMib.toFixed(1)} MiB, CPU ${cpuPercent.toFixed(2)} %`,
      );
      footprints.push(footprint);
    }
    return [
      result(
        'agent.rss_mib',
        'MiB',
        'shared pages counted in full',
        footprints.map(({ rssMib }) => rssMib),
      ),
      result(
        'agent.pss_mib',
        'MiB',
        'shared pages counted in part',
        footprints.map(({ pssMib }) => pssMib),
      ),
      result(
        'agent.idle_cpu_percent',
        '%',
        `of one core, over ${idleMs / 1000} s`,
        footprints.map(({ cpuPercent }) => cpuPercent),
      ),
    ];
  },
};

function result(name: string, unit: string, what: string, values: readonly number[]): Result {
  const note = `${what}; the agent's process with three sessions running and nobody attached: ${spread(values, 2)}`;
  return { name, value: rounded(median(values)), unit, runs: values.length, note };
}

/** As after an update, with the work of starting behind it. */
async function measureFresh(agent: Machine): Promise<Footprint> {
  await agent.run(['systemctl', 'restart', 'convocate-agent.service']);
  await pause(settleMs);
  const show = ['systemctl', 'show', '--value', '--property=MainPID', 'convocate-agent.service'];
  const pid = (await agent.run(show)).stdout.trim();
  const usedBefore = await cpuNs(agent, pid);
  const startedAt = performance.now();
  await pause(idleMs);
  const usedNs = (await cpuNs(agent, pid)) - usedBefore;
  const elapsedNs = (performance.now() - startedAt) * 1e6;
  const rollup = await agent.readFile(`/proc/${pid}/smaps_rollup`);
  const mib = (key: string): number =>
    Number(new RegExp(`^${key}: *(\\d+) kB$`, 'm').exec(rollup)?.[1]) / 1024;
  return { rssMib: mib('Rss'), pssMib: mib('Pss'), cpuPercent: (100 * usedNs) / elapsedNs };
}

/** Nanoseconds that all threads of the process have run. */
async function cpuNs(agent: Machine, pid: string): Promise<number> {
  const { stdout } = await agent.run(['sh', '-c', 'cat /proc/"$1"/task/*/schedstat', 'cpu', pid]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split(' ')[0]), 0);
}
