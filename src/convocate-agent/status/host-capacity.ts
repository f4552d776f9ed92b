import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { HostCapacity } from '../../protocol/usage.ts';

/** What this host has, and has left; undefined where the kernel does not say. */
export async function readHostCapacity(): Promise<HostCapacity | undefined> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const memory = parseMemory(text);
  return memory && { cpus: cpus().length, ...memory };
}

/** From `/proc/meminfo`, which counts in units of 1024 bytes and calls them kB. */
export function parseMemory(text: string): Omit<HostCapacity, 'cpus'> | undefined {
  const bytesOf = (name: string): number | undefined => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const total = bytesOf('MemTotal');
  const available = bytesOf('MemAvailable');
  if (total === undefined || available === undefined) return undefined;
  return { memory_bytes: total, memory_available_bytes: available };
}
