/** First of `rows` seen lines of `total`, with line `at` near their middle. */
export function windowAround(at: number, total: number, rows: number): number {
  return Math.max(0, Math.min(at - Math.floor(rows / 2), total - rows));
}

/** First of `rows` seen lines of `total`: `top`, or the end where there is none; never past the end. */
export function windowFrom(top: number | undefined, total: number, rows: number): number {
  const most = Math.max(0, total - rows);
  return Math.max(0, Math.min(top ?? most, most));
}
