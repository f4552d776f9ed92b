import type { Command } from 'commander';

type PlainOp = 'kill' | 'restart' | 'background' | 'override';

export function addKillCommand(program: Command): void {
  addPlain(program, 'kill', 'killed', "stop a session's container; its home stays");
}

export function addRestartCommand(program: Command): void {
  addPlain(program, 'restart', 'restarted', "start a stopped session, on its agent's current image");
}

export function addBackgroundCommand(program: Command): void {
  addPlain(program, 'background', 'detached everyone from', 'detach every client; the session goes on');
}

export function addOverrideCommand(program: Command): void {
  addPlain(program, 'override', 'cleared the lock of', 'clear the lock that a change left behind');
}

/** A verb that names one session and takes nothing else. */
function addPlain(program: Command, op: PlainOp, done: string, description: string): void {
  program
    .command(op)
    .description(description)
    .argument('<session>', 'UUID, its first 4 or more characters, or name')
    .option('--agent <host|id>', 'on this agent only')
    .action(async (reference: string, options: { agent?: string }) => {
      const [{ openShell }, { findSession, describeSession }] = await Promise.all([
        import('./open-shell.ts'),
        import('./find-session.ts'),
      ]);
      const shell = openShell();
      const session = await findSession(shell, reference, options);
      await shell.call(session.agent_id, op, { id: session.uuid });
      process.stdout.write(`${done} ${describeSession(session)}\n`);
    });
}
