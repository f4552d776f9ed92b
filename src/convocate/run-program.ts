import { Command, CommanderError } from 'commander';
import { EXIT } from '../base/errors.ts';
import { describeError, errorToJson, exitCodeOf } from '../base/report-error.ts';
import { VERBS } from './verbs.ts';

/**
 * Runs one command line (without the interpreter and script) and gives its exit code. Errors are told on stderr, as
 * one JSON object where the line asks for `--json`; then stdout holds nothing.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done); // `convocate ls | head`
    throw error;
  });
  try {
    const program = await buildProgram(args[0]);
    await program.parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has told the operator by now: help that was asked for is no error, all else is bad usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const asJson = args.includes('--json');
    process.stderr.write(`${asJson ? JSON.stringify(errorToJson(error)) : describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Only the verb that is asked for is loaded, all of them for help: `version` must not pay for the rest. */
async function buildProgram(verb: string | undefined): Promise<Command> {
  const program = new Command('convocate')
    .description('Operate long-lived coding-agent sessions on many Linux hosts.')
    .exitOverride()
    .showHelpAfterError('(run `convocate help` for what there is)');
  const load = verb === undefined ? undefined : VERBS.find(([name]) => name === verb);
  for (const [, add] of load ? [load] : VERBS) (await add())(program);
  return program;
}
