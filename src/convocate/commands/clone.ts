import type { Command } from 'commander';
import { printJson } from './printable.ts';

export function addCloneCommand(program: Command): void {
  program
    .command('clone')
    .description("make a session with a copy of another one's home, on the same agent")
    .argument('<session>', 'UUID, its first 8 or more characters, or name')
    .argument('<name>', 'of the new session')
    .option('--agent <host|id>', 'on this agent only')
    .option('--json', 'print the new session as JSON')
    .action(async (reference: string, name: string, options: { agent?: string; json?: boolean }) => {
      const [{ openShell }, { findSession, describeSession }, { sessionFields }] = await Promise.all([
        import('./open-shell.ts'),
        import('./find-session.ts'),
        import('./session-fields.ts'),
      ]);
      sessionFields({ name });
      const shell = openShell();
      const source = await findSession(shell, reference, options);
      const session = await shell.call(source.agent_id, 'clone', { source_id: source.uuid, name });
      const { skipped_files: skipped } = session;
      const left = skipped ? `; ${skipped} special files (sockets, pipes, devices) were left out` : '';
      const line = `cloned ${describeSession(source)} as ${describeSession({ ...session, host: source.host })}${left}`;
      if (options.json) printJson(session);
      else process.stdout.write(`${line}\n`);
    });
}
