const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** In 7 columns at most: `512 MB`, `1.5 GB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const isShort = value < 9.95 && unit >= 3;
  return `${value.toFixed(isShort ? 1 : 0)} ${UNITS[unit]}`;
}
