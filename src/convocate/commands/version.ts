import type { Command } from 'commander';
import { programVersion } from '../../base/version.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';

export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .description('print the version of this program')
    .option('--json', 'as JSON, with the version of the wire protocol')
    .action((options: { json?: boolean }) => {
      const version = programVersion();
      const text = options.json ? JSON.stringify({ version, protocol: PROTOCOL_VERSION }) : version;
      process.stdout.write(`${text}\n`);
    });
}
