/** How long ago `since` (RFC 3339) was, in the largest whole unit: `45s`, `3m`, `7h`, `12d`; `-` where unknown. */
export function ageOf(since: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(since)) / 1000);
  if (Number.isNaN(seconds)) return '-';
  if (seconds < 60) return `${Math.max(0, seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
