// What the status service costs the shell host while a large cluster does nothing and one operator watches.
import { setTimeout as pause } from 'node:timers/promises';
import { cpuNs, memoryMib } from '../process-facts.ts';
import { say } from '../progress.ts';
import { type LocalMeasure, type Result, median, rounded, spread } from '../result.ts';
import { SIZE, openSimulatedShell } from '../simulated/simulated-shell.ts';

const settleMs = 10_000;
const idleMs = 30_000;

interface Footprint {
  readonly rssMib: number;
  readonly pssMib: number;
  /** Of one core. */
  readonly cpuPercent: number;
}

export const serviceFootprint: LocalMeasure = {
  part: 'service',
  run: async (times) => {
    const runs = times(3);
    const footprints: Footprint[] = [];
    for (let run = 0; run < runs; run += 1) {
      const footprint = await measureFresh();
      const { rssMib, pssMib, cpuPercent } = footprint;
      say(
        `service: RSS ${rssMib.toFixed(1)} MiB, PSS ${pssMib.toFixed(1)} MiB, CPU ${cpuPercent.toFixed(2)} %`,
      );
      footprints.push(footprint);
    }
    const of = (key: keyof Footprint): number[] => footprints.map((footprint) => footprint[key]);
    return [
      result('service.rss_mib', 'MiB', 'shared pages counted in full', of('rssMib')),
      result('service.pss_mib', 'MiB', 'shared pages counted in part', of('pssMib')),
      result(
        'service.idle_cpu_percent',
        '%',
        `of one core, over ${idleMs / 1000} s, every agent pinged each 5 s`,
        of('cpuPercent'),
      ),
    ];
  },
};

function result(name: string, unit: string, what: string, values: readonly number[]): Result {
  const where = `${SIZE.sessions} sessions on ${SIZE.agents} simulated agents and one client that watches`;
  const note = `${what}; the status service with ${where}: ${spread(values, 2)}`;
  return { name, value: rounded(median(values)), unit, runs: values.length, note };
}

/** A service just started, with the work of reaching every agent behind it. */
async function measureFresh(): Promise<Footprint> {
  await using shell = await openSimulatedShell();
  using _watch = shell.client.watch((news) => {
    if (news.kind === 'lost') throw news.error;
  });
  await pause(settleMs);
  const usedBefore = cpuNs(shell.servicePid);
  const startedAt = performance.now();
  await pause(idleMs);
  const usedNs = cpuNs(shell.servicePid) - usedBefore;
  const elapsedNs = (performance.now() - startedAt) * 1e6;
  return {
    rssMib: memoryMib(shell.servicePid, 'Rss'),
    pssMib: memoryMib(shell.servicePid, 'Pss'),
    cpuPercent: (100 * usedNs) / elapsedNs,
  };
}
