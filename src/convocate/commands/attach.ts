import type { Command } from 'commander';

interface AttachOptions {
  readonly agent?: string;
  readonly readOnly?: boolean;
}

export function addAttachCommand(program: Command): void {
  program
    .command('attach')
    .description("open a session's terminal here; a stopped session is started first. Ctrl-B D leaves it")
    .argument('<session>', 'UUID, its first 8 or more characters, or name')
    .option('--agent <host|id>', 'on this agent only')
    .option('-r, --read-only', 'watch without typing')
    .action(async (reference: string, options: AttachOptions) => {
      const { requireTerminal } = await import('../attach/own-terminal.ts');
      requireTerminal();
      const [{ openShell }, { findSession }, { attachToSession }, { tellAttachEnd }] = await Promise.all([
        import('./open-shell.ts'),
        import('./find-session.ts'),
        import('../attach/attach-session.ts'),
        import('./tell-attach-end.ts'),
      ]);
      const shell = openShell();
      const session = await findSession(shell, reference, options);
      tellAttachEnd(await attachToSession(shell, session, { readOnly: options.readOnly ?? false }));
    });
}
