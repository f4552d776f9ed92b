const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90`, `90s`, `5m`, `2h`, `1d` in milliseconds, a bare number being seconds; undefined where `text` is no such time. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d{1,7})([smhd]?)$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] || 's'];
  return match && unitMs !== undefined ? Number(match[1]) * unitMs : undefined;
}
