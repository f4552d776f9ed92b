import { Command } from 'commander';
import { reportErrors } from '../base/report-error.ts';
import { programVersion } from '../base/version.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import {
  type RolloutCliOptions,
  bandwidthOption,
  confirmOption,
  newRollout,
  soakOption,
  stdout,
} from './commands/options.ts';

const program = new Command('convocate-host')
  .description("Sets up the cluster's hosts and rolls releases over them, from the shell host.")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError('(see: convocate-host help)')
  .version(programVersion(), '-V, --version');

program
  .command('init-shell')
  .description('make a machine the shell host: directories, the cluster’s keys, convocate-status.service')
  .option('--host <host>', 'the machine; "local" is this one', 'local')
  .option('--user <user>', 'login on it, where ssh needs one')
  .option('--host-key <fingerprint>', 'SHA256:… of its sshd, for first contact without a terminal')
  .option('--json', 'print JSON lines')
  .action((options: { host: string; user?: string; hostKey?: string; json?: boolean }) =>
    reportErrors(options.json, async () => {
      const { initShellCommand } = await import('./commands/init-shell.ts');
      await initShellCommand(options);
    }),
  );

program
  .command('init-agent')
  .description('make a host an agent of this cluster, or mend one that drifted; changes no key and no id')
  .requiredOption('--host <host>', 'the host, as ssh knows it; "local" is this machine')
  .option('--user <user>', 'login on it; remembered')
  .option(
    '--shell-host <address>',
    'where the agent reaches this machine; default: the address it sees us under',
  )
  .option('--host-key <fingerprint>', 'SHA256:… of its sshd, for first contact without a terminal')
  .addOption(soakOption())
  .addOption(confirmOption())
  .addOption(bandwidthOption())
  .option('--json', 'print JSON lines')
  .action((options: RolloutCliOptions & { shellHost?: string; hostKey?: string }) =>
    reportErrors(options.json, async () => {
      const { requireRoot } = await import('./flows/update.ts');
      const { initAgent } = await import('./flows/init-agent.ts');
      requireRoot('init-agent');
      const { user, shellHost, hostKey } = options;
      await initAgent(await newRollout(options), { user, shellHost, hostKey });
    }),
  );

program
  .command('update')
  .description('roll the release installed here onto one agent host; its sessions go on running')
  .requiredOption('--host <host>', 'the agent: host name as at init-agent, or agent id')
  .option('--user <user>', 'login on it, for this run')
  .option('--dry-run', 'print what would be sent and changed, and change nothing')
  .addOption(soakOption())
  .addOption(confirmOption())
  .addOption(bandwidthOption())
  .option('--json', 'print JSON lines')
  .action((options: RolloutCliOptions & { dryRun?: boolean }) =>
    reportErrors(options.json, async () => {
      const { dryRunUpdate, requireRoot, update } = await import('./flows/update.ts');
      requireRoot('update');
      const rollout = await newRollout(options);
      if (options.dryRun)
        await dryRunUpdate(rollout, (text) => stdout.write(`${text}\n`), options.json ?? false);
      else await update(rollout);
    }),
  );

program
  .command('status')
  .description('every agent: version, image, sessions, and how many are on an older image')
  .option('--json', 'print JSON')
  .action((options: { json?: boolean }) =>
    reportErrors(options.json, async () => {
      const { requireRoot } = await import('./flows/update.ts');
      const { clusterStatus, formatStatus } = await import('./flows/status.ts');
      requireRoot('status');
      const agents = await clusterStatus();
      stdout.write(`${options.json ? JSON.stringify(agents) : formatStatus(agents)}\n`);
    }),
  );

program
  .command('version')
  .description('print the version')
  .option('--json', 'print JSON')
  .action((options: { json?: boolean }) => {
    const version = programVersion();
    stdout.write(`${options.json ? JSON.stringify({ version, protocol: PROTOCOL_VERSION }) : version}\n`);
  });

await program.parseAsync();
