// What the agent service costs a host that only waits.
import { setTimeout as pause } from 'node:timers/promises';
import type { Machine } from '../../lab/machine.ts';
import { type Measure, type Result, rounded } from '../result.ts';

const idleMs = 30_000;

export const agentFootprint: Measure = {
  part: 'agent',
  needsFullImage: false,
  run: async (cluster) => {
    const { agent } = cluster;
    await cluster.sessions();
    // Fresh, as after an update, with its start-up work behind it.
    await agent.run(['systemctl', 'restart', 'convocate-agent.service']);
    await pause(10_000);
    const pid = await pidOf(agent);
    const startCpu = await cpuNs(agent, pid);
    const startedAt = performance.now();
    await pause(idleMs);
    const usedNs = (await cpuNs(agent, pid)) - startCpu;
    const elapsedMs = performance.now() - startedAt;
    const memory = await memoryKib(agent, pid);
    const sessions = 'agent process with three sessions running and nobody attached';
    const one = (name: string, value: number, unit: string, note: string): Result => ({
      name,
      value: rounded(value),
      unit,
      runs: 1,
      note,
    });
    return [
      one('agent.rss_mib', memory('Rss') / 1024, 'MiB', `${sessions}; shared pages counted in full`),
      one('agent.pss_mib', memory('Pss') / 1024, 'MiB', `${sessions}; shared pages counted in part`),
      one(
        'agent.idle_cpu_percent',
        usedNs / 1e4 / elapsedMs,
        '%',
        `of one core, over ${idleMs / 1000} s; ${sessions}`,
      ),
    ];
  },
};

async function pidOf(agent: Machine): Promise<string> {
  const argv = ['systemctl', 'show', '--value', '--property=MainPID', 'convocate-agent.service'];
  return (await agent.run(argv)).stdout.trim();
}

async function memoryKib(agent: Machine, pid: string): Promise<(key: string) => number> {
  const rollup = await agent.readFile(`/proc/${pid}/smaps_rollup`);
  return (key) => Number(new RegExp(`^${key}: *(\\d+) kB$`, 'm').exec(rollup)?.[1]);
}

/** Nanoseconds that all threads of the process have run. */
async function cpuNs(agent: Machine, pid: string): Promise<number> {
  const { stdout } = await agent.run(['sh', '-c', 'cat /proc/"$1"/task/*/schedstat', 'cpu', pid]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split(' ')[0]), 0);
}
