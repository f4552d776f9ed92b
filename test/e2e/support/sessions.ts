// Sessions as an operator handles them: `convocate` on the shell host, logged in as claude.
import { pollUntil } from '../../../src/base/deadline.ts';
import { containerNameOf } from '../../../src/protocol/host-layout.ts';
import type { Session } from '../../../src/protocol/session.ts';
import type { SessionView } from '../../../src/protocol/shell-socket.ts';
import type { Machine } from '../../../lab/machine.ts';
import type { CommandResult } from '../../../lab/run-command.ts';

export async function newSession(shell: Machine, host: string, name: string, start = true): Promise<string> {
  const argv = ['convocate', 'new', name, '--agent', host, '--json', ...(start ? ['--start'] : [])];
  const { stdout } = await shell.run(argv, { user: 'claude' });
  return (JSON.parse(stdout) as Session).uuid;
}

/** A session as the shell's live view has it. */
export async function listedSession(shell: Machine, sessionId: string): Promise<SessionView | undefined> {
  const { stdout } = await shell.run(['convocate', 'ls', '--json'], { user: 'claude' });
  const { sessions } = JSON.parse(stdout) as { sessions: SessionView[] };
  return sessions.find(({ uuid }) => uuid === sessionId);
}

/** `convocate <verb> <session>`; an exit code other than 0 is an answer. */
export async function sessionVerb(
  shell: Machine,
  verb: 'kill' | 'restart',
  sessionId: string,
): Promise<CommandResult> {
  return await shell.exec(['convocate', verb, sessionId], { user: 'claude' });
}

export async function killSession(shell: Machine, sessionId: string): Promise<void> {
  const result = await sessionVerb(shell, 'kill', sessionId);
  if (result.exitCode !== 0) throw new Error(`kill: ${result.stderr}`);
}

export async function restartSession(shell: Machine, sessionId: string): Promise<void> {
  const result = await sessionVerb(shell, 'restart', sessionId);
  if (result.exitCode !== 0) throw new Error(`restart: ${result.stderr}`);
}

/** The image tag that a session's container was made from, as Docker on its host says. */
export async function imageOf(agent: Machine, sessionId: string): Promise<string> {
  const format = '{{.Config.Image}}';
  const name = containerNameOf(sessionId);
  return (await agent.run(['docker', 'inspect', '--format', format, name])).stdout.trim();
}

/** The shell's live view follows the agents by events, so it may lag a moment behind a restart of one. */
export async function waitUntilShellSees(shell: Machine, hosts: readonly string[]): Promise<void> {
  await pollUntil(
    async () => {
      const { stdout } = await shell.exec(['convocate', 'ls', '--json'], { user: 'claude' });
      if (stdout === '') return undefined;
      const { agents } = JSON.parse(stdout) as { agents: { host: string; up: boolean }[] };
      return hosts.every((host) => agents.some((agent) => agent.host === host && agent.up))
        ? true
        : undefined;
    },
    { timeoutMs: 45_000, intervalMs: 200, what: `${hosts.join(', ')} up in the shell's view` },
  );
}
