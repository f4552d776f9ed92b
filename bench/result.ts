// What a measure answers, and the few numbers it is made of.
import type { BenchCluster } from './cluster/bench-cluster.ts';

export interface Result {
  /** `part.what_unit`; the README's table is made from these names. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** How often each side was measured. */
  readonly runs: number;
  /** What was compared with what, for whoever reads the number. */
  readonly note: string;
}

/** How often to measure what is usually measured so often: less in a quick run, which only shows that all works. */
export type Times = (usual: number) => number;

export interface Measure {
  /** The word before the dot in the names of its results. */
  readonly part: string;
  /** Whether sizes matter, so that the session image must be one as people use it. */
  readonly needsFullImage: boolean;
  run(cluster: BenchCluster, times: Times): Promise<readonly Result[]>;
}

/** One that needs no machines: it runs on this box, with the built programs. */
export interface LocalMeasure {
  readonly part: string;
  run(times: Times): Promise<readonly Result[]>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error('the median of nothing');
  return (lower + upper) / 2;
}

/** The value that so many in a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
  if (value === undefined) throw new Error('a percentile of nothing');
  return value;
}

/** Enough digits to compare by, none that are noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** "12.3 to 14.9", for a note: how far the runs lay apart. */
export function spread(values: readonly number[], digits = 1): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}
