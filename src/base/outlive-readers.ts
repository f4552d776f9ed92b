import { codeOf, messageOf } from './errors.ts';

/** Whoever read this is gone: a pipe that nobody reads, a terminal that was closed. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EIO']);

/**
 * For a program whose work is more than what it says: it goes on to its end though nobody reads that any more, as where the
 * line of whoever started it has dropped, and its exit code tells how it was. Where it could not be written down, as on a
 * full disk, the program has failed all the same.
 */
export function outliveReaders(): void {
  let problem: string | undefined;
  process.on('SIGHUP', () => {}); // Node ends of it also where nohup has it ignored
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: unknown) => {
      if (!GONE.has(codeOf(error) ?? '')) problem ??= messageOf(error);
    });
  }
  process.on('exit', () => {
    if (problem === undefined || process.exitCode) return;
    process.exitCode = 1;
    process.stderr.write(`error: what this said could not be written: ${problem}\n`);
  });
}
