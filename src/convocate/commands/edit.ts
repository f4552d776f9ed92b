import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { printJson } from './printable.ts';
import type { FieldOptions } from './session-fields.ts';

interface EditOptions extends FieldOptions {
  readonly agent?: string;
  readonly json?: boolean;
}

export function addEditCommand(program: Command): void {
  program
    .command('edit')
    .description('change what a session is called and how it is reached')
    .argument('<session>', 'UUID, its first 8 or more characters, or name')
    .option('--agent <host|id>', 'on this agent only')
    .option('--name <name>', 'letters, digits, _ and -, up to 64')
    .option('--port <n>', 'a number, auto, or 0 for none')
    .option('--protocol <tcp|udp>', 'of the port')
    .option('--dns-name <name>', 'lowercase labels; an empty one takes it away')
    .option('--json', 'print the session as JSON')
    .action(async (reference: string, options: EditOptions) => {
      const [{ openShell }, { findSession, describeSession }, { sessionFields }] = await Promise.all([
        import('./open-shell.ts'),
        import('./find-session.ts'),
        import('./session-fields.ts'),
      ]);
      const fields = sessionFields(options);
      if (Object.keys(fields).length === 0)
        throw new UsageError('nothing to change: give --name, --port, --protocol or --dns-name');
      const shell = openShell();
      const { agent_id, uuid, host } = await findSession(shell, reference, options);
      const session = await shell.call(agent_id, 'edit', { id: uuid, ...fields });
      const when = session.running ? '; port and DNS name apply at its next restart' : '';
      const line = `edited ${describeSession({ ...session, host })}${when}`;
      if (options.json) printJson(session);
      else process.stdout.write(`${line}\n`);
    });
}
