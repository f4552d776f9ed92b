import { describeError, errorToJson, exitCodeOf } from '../../base/report-error.ts';

/** Runs what a verb does; an error becomes words (or JSON) on stderr and the exit code that `product.md` gives it. */
export async function runVerb(
  options: { readonly json?: boolean },
  verb: () => Promise<void>,
): Promise<void> {
  try {
    await verb();
  } catch (error) {
    process.stderr.write(`${options.json ? JSON.stringify(errorToJson(error)) : describeError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
