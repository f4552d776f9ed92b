// What /proc tells of a process of this machine.
import { readFileSync, readdirSync } from 'node:fs';

/** Nanoseconds that all threads of the process have run. */
export function cpuNs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks)
    .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0);
}

/** Its memory, with shared pages counted in full (`Rss`) or in part (`Pss`). */
export function memoryMib(pid: number, key: 'Rss' | 'Pss'): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${key}: *(\\d+) kB$`, 'm').exec(rollup)?.[1]) / 1024;
}

/** The process that this one started; throws where there are none or several. */
export function onlyChildOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  if (children.length !== 1 || children[0] === '')
    throw new Error(`${pid} has the children ${children.join(', ') || 'none'}`);
  return Number(children[0]);
}
