import { describeError, errorToJson, exitCodeOf } from '../../base/report-error.ts';

/** Runs a command; an error becomes words (or a JSON line) on stderr and the exit code `product.md` gives it. */
export async function reportErrors(json: boolean | undefined, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    process.stderr.write(
      `${json ? JSON.stringify({ event: 'error', ...errorToJson(error) }) : describeError(error)}\n`,
    );
    process.exitCode = exitCodeOf(error);
  }
}
