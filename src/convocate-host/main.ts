import { Command } from 'commander';
import { asksForJson, quietForJson, tellBadUsage } from '../base/bad-usage.ts';
import { outliveReaders } from '../base/outlive-readers.ts';
import { errorWords, reportErrors, reportUncaught } from '../base/report-error.ts';
import { programVersion } from '../base/version.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import type { InitShellOptions } from './commands/init-shell.ts';
import {
  type RolloutCliOptions,
  bandwidthOption,
  confirmOption,
  newRollout,
  openRollout,
  quietRollout,
  soakOption,
  stdout,
  toOption,
} from './commands/options.ts';
import { requireRoot } from './commands/require-root.ts';

const print = (text: string): void => stdout.write(`${text}\n`);

const words = process.argv.slice(2);
reportUncaught((error) => errorWords(error, asksForJson(words)));
outliveReaders();
const program = quietForJson(new Command('convocate-host'), words)
  .description("Sets up the cluster's hosts and rolls releases over them, from the shell host.")
  .exitOverride((error) => process.exit(tellBadUsage('convocate-host', error, words)))
  .showHelpAfterError('(see: convocate-host help)')
  .version(programVersion(), '-V, --version');

program
  .command('init-shell')
  .description('make a machine the shell host: directories, the cluster’s keys, convocate-status.service')
  .option('--host <host>', 'the machine; "local" is this one', 'local')
  .option('--user <user>', 'login on it, where ssh needs one')
  .option('--host-key <fingerprint>', 'SHA256:… of its sshd, for first contact without a terminal')
  .option('--json', 'print JSON lines')
  .action((options: InitShellOptions) =>
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
  .action((options: RolloutCliOptions & { shellHost?: string }) =>
    reportErrors(options.json, async () => {
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
      const { dryRunUpdate, update } = await import('./flows/update.ts');
      requireRoot('update');
      const rollout = await newRollout(options);
      if (options.dryRun) await dryRunUpdate(rollout, { print, json: options.json ?? false });
      else await update(rollout);
    }),
  );

program
  .command('rollback')
  .description('go back to a release that the agent host holds; nothing is sent, its sessions go on running')
  .requiredOption('--host <host>', 'the agent: host name as at init-agent, or agent id')
  .addOption(toOption())
  .option('--user <user>', 'login on it, for this run')
  .option('--dry-run', 'print what would be changed, and change nothing')
  .addOption(soakOption())
  .addOption(confirmOption())
  .option('--json', 'print JSON lines')
  .action((options: RolloutCliOptions & { to?: string; dryRun?: boolean }) =>
    reportErrors(options.json, async () => {
      const { dryRunRollback, rollback } = await import('./flows/rollback.ts');
      requireRoot('rollback');
      const rollout = openRollout(options);
      if (options.dryRun)
        await dryRunRollback(rollout, { to: options.to }, { print, json: options.json ?? false });
      else await rollback(rollout, { to: options.to });
    }),
  );

program
  .command('releases')
  .description('what an agent host holds: which release is live, which is the way back, and what keeps each')
  .requiredOption('--host <host>', 'the agent: host name as at init-agent, or agent id')
  .option('--user <user>', 'login on it, for this run')
  .option('--json', 'print JSON')
  .action((options: { host: string; user?: string; json?: boolean }) =>
    reportErrors(options.json, async () => {
      const { DAMAGED, formatReleases, heldReleases } = await import('./flows/releases.ts');
      requireRoot('releases');
      const held = await heldReleases(quietRollout(options));
      if (options.json && held.isRecordDamaged) process.stderr.write(`warning: ${DAMAGED}\n`);
      print(options.json ? JSON.stringify(held.releases) : formatReleases(held));
    }),
  );

program
  .command('status')
  .description(
    'every agent: version, image, sessions, how many are on an older image, rollouts that were taken back',
  )
  .option('--seen', 'you have seen which rollouts were taken back: they are not shown again')
  .option('--json', 'print JSON')
  .action((options: { seen?: boolean; json?: boolean }) =>
    reportErrors(options.json, async () => {
      const { clusterStatus, formatStatus, noteSeen } = await import('./flows/status.ts');
      requireRoot('status');
      const agents = await clusterStatus();
      print(options.json ? JSON.stringify(agents) : formatStatus(agents));
      if (options.seen) await noteSeen(agents);
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
