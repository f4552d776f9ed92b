import type { Command } from 'commander';

const LAST_WORDS_MS = 500;

/** What `convocate` runs on a terminal when no verb is named, so that no one has to know its name. */
export function addTuiCommand(program: Command): void {
  program
    .command('tui', { hidden: true })
    .description('the terminal UI: every session of every agent')
    .action(async () => {
      const [{ openShell }, { runTui }, { step }] = await Promise.all([
        import('./open-shell.ts'),
        import('../tui/run-tui.ts'),
        import('../tui/step.ts'),
      ]);
      const color = (process.env['NO_COLOR'] ?? '') === '';
      try {
        await runTui({ shell: openShell(), step, look: { color } });
      } finally {
        // A call that is still on its way would keep the process until it is answered, and no one waits for it any more.
        setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
      }
    });
}
