const NAMES_IT = ['id', 'source_id', 'uuid'] as const;

/**
 * The session that an operation is about, from its parameters or its result: what a log may hold of them. The rest may be
 * what somebody typed, or a setting with a secret in it.
 */
export function sessionOf(...values: readonly unknown[]): string | undefined {
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue;
    const record = value as Partial<Record<string, unknown>>;
    const id = NAMES_IT.map((name) => record[name]).find((found) => typeof found === 'string');
    if (id !== undefined) return id;
  }
  return undefined;
}
