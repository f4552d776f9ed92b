/** One JSON value on a line of its own, for whoever drives this host. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
