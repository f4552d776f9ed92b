import { readFile } from 'node:fs/promises';

/** Seconds since this host was started: a clock that goes on through suspend and that nobody can set. */
export async function uptimeSeconds(): Promise<number> {
  return Number.parseFloat(await readFile('/proc/uptime', 'utf8'));
}
