import { Argument, type Command } from 'commander';
import { COMPLETION_SCRIPTS, COMPLETION_SHELLS, type CompletionShell } from '../completion/scripts.ts';

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print what makes a shell complete the words of convocate; `install` puts it in place')
    .addArgument(new Argument('<shell>', 'whose script').choices(COMPLETION_SHELLS))
    .action((shell: CompletionShell) => void process.stdout.write(COMPLETION_SCRIPTS[shell]));
}
