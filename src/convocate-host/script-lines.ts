/** What a script that reads a host told, by key; see look-scripts.ts. */
export interface ToldLines {
  readonly all: (key: string) => string[];
  /** The first such value; empty where there is none. */
  readonly one: (key: string) => string;
}

export function toldLines(output: string): ToldLines {
  const lines = output
    .split('\n')
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)] as const);
  const all = (key: string): string[] => lines.filter(([name]) => name === key).map(([, value]) => value);
  return { all, one: (key) => all(key)[0] ?? '' };
}

/** What every host can tell: without it, that was no answer of the script's. */
export function needed(value: string, pattern = /./): string {
  if (!pattern.test(value)) throw new TypeError(`not a fact: ${JSON.stringify(value)}`);
  return value;
}

export function optional<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return value ? ({ [key]: value } as { [K in Key]?: string }) : {};
}

export function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
