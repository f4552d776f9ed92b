// For people, on stderr: stdout carries the results.
const startedAt = performance.now();

export function say(text: string): void {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`bench ${String(seconds).padStart(4)} s  ${text}\n`);
}
