import { Command } from 'commander';
import { VERBS } from './verbs.ts';

/** Only the verb that is asked for is loaded, all of them for help: `version` must not pay for the rest. */
export async function buildProgram(verb: string | undefined): Promise<Command> {
  const program = new Command('convocate')
    .description('Operate long-lived coding-agent sessions on many Linux hosts.')
    .exitOverride()
    .showHelpAfterError('(run `convocate help` for what there is)');
  const load = verb === undefined ? undefined : VERBS.find(([name]) => name === verb);
  for (const [, add] of load ? [load] : VERBS) (await add())(program);
  return program;
}
