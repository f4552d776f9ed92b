// What a session wrote over a span of time: a character for each step of it, more files a taller one.
const levels = ['·', '▂', '▄', '▆', '█'];

export function fileStrip(
  writtenAtMs: readonly number[],
  fromMs: number,
  toMs: number,
  stepMs: number,
): string {
  const counts = Array.from({ length: Math.max(1, Math.round((toMs - fromMs) / stepMs)) }, () => 0);
  for (const at of writtenAtMs) {
    const step = Math.floor((at - fromMs) / stepMs);
    if (step >= 0 && step < counts.length) counts[step] = (counts[step] ?? 0) + 1;
  }
  return counts.map((count) => levels[Math.min(count, levels.length - 1)]).join('');
}

/** The longest time without a new file, in milliseconds; the edges of the span count. */
export function longestPause(writtenAtMs: readonly number[], fromMs: number, toMs: number): number {
  const times = [fromMs, ...writtenAtMs.filter((at) => at > fromMs && at < toMs), toMs];
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}

export function writtenWithin(writtenAtMs: readonly number[], fromMs: number, toMs: number): number {
  return writtenAtMs.filter((at) => at >= fromMs && at <= toMs).length;
}
