import type { Command } from 'commander';
import { type SessionOptions, namedSession, sessionCommand, tellChange } from './session-command.ts';

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
  sessionCommand(program, op, description)
    .option('--json', 'print the session as JSON')
    .action(async (reference: string, options: SessionOptions) => {
      const named = await namedSession(reference, options);
      await named.shell.call(named.session.agent_id, op, { id: named.session.uuid });
      await tellChange(named, (what) => `${done} ${what}`, options.json);
    });
}
