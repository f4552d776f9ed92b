import { Command } from 'commander';
import { quietForJson } from '../base/bad-usage.ts';
import { VERBS } from './verbs.ts';

/**
 * Only the verb that is asked for is loaded, all of them for help: `version` must not pay for the rest. `words`: the
 * whole line, where one is to be run.
 */
export async function buildProgram(
  verb: string | undefined,
  words: readonly string[] = [],
): Promise<Command> {
  const program = quietForJson(new Command('convocate'), words)
    .description('Operate long-lived coding-agent sessions on many Linux hosts.')
    .exitOverride()
    .showHelpAfterError('(run `convocate help` for what there is)');
  const load = verb === undefined ? undefined : VERBS.find(([name]) => name === verb);
  for (const [, add] of load ? [load] : VERBS) (await add())(program);
  return program;
}
