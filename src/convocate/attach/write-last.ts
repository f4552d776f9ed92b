import type { Writable } from 'node:stream';

/** A terminal that takes nothing any more must not keep us; one on a slow line may take its time. */
const NO_PROGRESS_MS = 4_000;
const FAREWELL_MS = 30_000;

/** Writes the last that a terminal gets. Settles when it has taken everything, or takes nothing any more. */
export async function writeLast(terminal: Writable, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  terminal.write(text, () => resolve());
  let left = terminal.writableLength;
  const progress = setInterval(() => {
    if (terminal.writableLength === left) resolve();
    left = terminal.writableLength;
  }, NO_PROGRESS_MS);
  const deadline = setTimeout(resolve, FAREWELL_MS);
  await promise;
  clearInterval(progress);
  clearTimeout(deadline);
}
