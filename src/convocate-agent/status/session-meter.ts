import type { SessionUsage, SliceUsage } from '../../protocol/usage.ts';

/** A container that runs, and since when. */
export interface RunningContainer {
  readonly uuid: string;
  readonly id: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

interface Reading {
  readonly cpuNs: number;
  readonly atMs: number;
}

/** The unit in which Docker's systemd driver puts a container. */
export function scopeOf(containerId: string): string {
  return `docker-${containerId}.scope`;
}

/** Makes usage of what systemd has counted so far, by what it had counted at the time before. */
export class SessionMeter {
  #before = new Map<string, Reading>();
  /** Later than anything until there was a first time. */
  #beforeMs = Infinity;

  /**
   * Sessions that systemd does not count are left out, and so are those that it was not asked about before, but for
   * such as have started since.
   */
  measure(
    running: readonly RunningContainer[],
    usage: ReadonlyMap<string, SliceUsage>,
    atMs: number,
  ): SessionUsage[] {
    const now = new Map<string, Reading>();
    const sessions = running.flatMap(({ uuid, id, startedAt }): SessionUsage[] => {
      const { memory_bytes, cpu_usage_ns: cpuNs } = usage.get(scopeOf(id)) ?? {};
      if (typeof memory_bytes !== 'number' || typeof cpuNs !== 'number') return [];
      now.set(id, { cpuNs, atMs });
      const startedMs = Date.parse(startedAt);
      const isNew = startedMs > this.#beforeMs && startedMs < atMs;
      const before = this.#before.get(id) ?? (isNew ? { cpuNs: 0, atMs: startedMs } : undefined);
      if (!before || atMs <= before.atMs) return [];
      const percent = ((cpuNs - before.cpuNs) / 1e6 / (atMs - before.atMs)) * 100;
      return [{ id: uuid, memory_bytes, cpu_percent: Math.max(0, Math.round(percent * 10) / 10) }];
    });
    this.#before = now;
    this.#beforeMs = atMs;
    return sessions;
  }
}
