import { Command, Option } from 'commander';
import { PROTOCOL_RANGE, PROTOCOL_VERSION } from '../protocol/version.ts';
import { quietForJson, tellBadUsage } from '../base/bad-usage.ts';
import { reportErrors } from '../base/report-error.ts';
import { programVersion } from '../base/version.ts';
import { install } from './commands/install.ts';
import {
  activateVerb,
  armVerb,
  deadManVerb,
  disarmVerb,
  goBackVerb,
  proveVerb,
  pruneVerb,
  stageImageVerb,
} from './commands/rollout.ts';
import { printJson } from './commands/print-json.ts';

const words = process.argv.slice(2);
const program = quietForJson(new Command('convocate-agent'), words)
  .description('Runs the sessions of one host; driven by convocate and convocate-host from the shell host.')
  .exitOverride((error) => process.exit(tellBadUsage('convocate-agent', error, words)))
  .version(programVersion(), '-V, --version');

program
  .command('install')
  .description(
    'put this host right: user, directories, keys, units, slice, cron, Docker settings (repeatable)',
  )
  .option('--check', 'only report drift; exit 1 if there is any')
  .option('--json', 'print JSON')
  .action((options: { check?: boolean; json?: boolean }) =>
    reportErrors(options.json, () => install(options)),
  );

program
  .command('serve')
  .description('the service: listens on 222 (run by systemd)')
  .action(() =>
    reportErrors(false, async () => {
      const { serve } = await import('./commands/serve.ts');
      await serve();
    }),
  );

program
  .command('version')
  .description('print the version')
  .option('--json', 'print JSON')
  .action((options: { json?: boolean }) => {
    if (options.json)
      printJson({ version: programVersion(), protocol: PROTOCOL_VERSION, protocol_range: PROTOCOL_RANGE });
    else process.stdout.write(`${programVersion()}\n`);
  });

program
  .command('stage-image', { hidden: true })
  .option('--layer <layer>', '', (word: string, before: string[]) => [...before, word], [])
  .action((options: { layer: string[] }) => reportErrors(false, () => stageImageVerb(options)));
program.command('prove', { hidden: true }).action(() => reportErrors(false, proveVerb));
program.command('activate', { hidden: true }).action(() => reportErrors(false, activateVerb));
program
  .command('arm', { hidden: true })
  .requiredOption('--rollout <number>')
  .requiredOption('--to <version>')
  .requiredOption('--window <seconds>')
  .action((options: { rollout: string; to: string; window: string }) =>
    reportErrors(false, () => armVerb(options)),
  );
program
  .command('disarm', { hidden: true })
  .requiredOption('--rollout <number>')
  .action((options: { rollout: string }) => reportErrors(false, () => disarmVerb(options)));
program
  .command('go-back', { hidden: true })
  .requiredOption('--rollout <number>')
  .requiredOption('--reason <text>')
  .action((options: { rollout: string; reason: string }) => reportErrors(false, () => goBackVerb(options)));
program.command('dead-man', { hidden: true }).action(() => reportErrors(false, deadManVerb));
program
  .command('prune')
  .description('remove images and releases that neither the host nor any container needs')
  .option('--json', 'print JSON')
  .addOption(new Option('--unattended').hideHelp())
  .action((options: { json?: boolean; unattended?: boolean }) =>
    reportErrors(options.json, () => pruneVerb(options)),
  );

await program.parseAsync();
