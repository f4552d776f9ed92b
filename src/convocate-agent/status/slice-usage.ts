import { runCommand } from '../../base/run-command.ts';
import type { SliceUsage } from '../../protocol/usage.ts';

const PROPERTIES = {
  memory_bytes: 'MemoryCurrent',
  memory_max_bytes: 'MemoryMax',
  cpu_usage_ns: 'CPUUsageNSec',
  tasks: 'TasksCurrent',
} as const;

export const UNKNOWN_USAGE: SliceUsage = {
  memory_bytes: null,
  memory_max_bytes: null,
  cpu_usage_ns: null,
  tasks: null,
};

/** What all sessions together use, as systemd counts it; all unknown where it cannot be asked. */
export async function readSliceUsage(slice: string): Promise<SliceUsage> {
  const argv = ['systemctl', 'show', slice, `--property=${Object.values(PROPERTIES).join(',')}`];
  try {
    const { exitCode, stdout } = await runCommand(argv, { timeoutMs: 5_000 });
    return exitCode === 0 ? parseSliceUsage(stdout) : UNKNOWN_USAGE;
  } catch {
    return UNKNOWN_USAGE;
  }
}

/** From `systemctl show`: `[not set]`, `infinity` and the largest 64-bit number all mean that there is none. */
export function parseSliceUsage(text: string): SliceUsage {
  const values = new Map(
    text.split('\n').map((line) => {
      const [name = '', value = ''] = line.split('=');
      return [name, /^\d{1,16}$/.test(value) ? Number(value) : null] as const;
    }),
  );
  const get = (name: string): number | null => values.get(name) ?? null;
  return {
    memory_bytes: get(PROPERTIES.memory_bytes),
    memory_max_bytes: get(PROPERTIES.memory_max_bytes),
    cpu_usage_ns: get(PROPERTIES.cpu_usage_ns),
    tasks: get(PROPERTIES.tasks),
  };
}
