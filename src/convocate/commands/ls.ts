import type { Command } from 'commander';

interface LsOptions {
  readonly json?: boolean;
  readonly agent?: string;
}

export function addLsCommand(program: Command): void {
  program
    .command('ls')
    .description('list the sessions of all agents, or of one')
    .option('--agent <host|id>', 'only this agent')
    .option('--json', 'as one JSON object {"agents": […], "sessions": […]}')
    .action(async (options: LsOptions) => {
      const [{ openShell }, { namedAgent }] = await Promise.all([
        import('./open-shell.ts'),
        import('./choose-agent.ts'),
      ]);
      const shell = openShell();
      const [allAgents, allSessions] = await Promise.all([shell.agents(), shell.sessions()]);
      const only = options.agent === undefined ? undefined : namedAgent(allAgents, options.agent).agent_id;
      const agents = allAgents.filter((agent) => !only || agent.agent_id === only);
      const sessions = allSessions.filter((session) => !only || session.agent_id === only);
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ agents, sessions })}\n`);
        return;
      }
      const { renderSessions, notesOf } = await import('./session-table.ts');
      const nowMs = Date.now();
      const width = process.stdout.isTTY ? process.stdout.columns : undefined;
      process.stdout.write(`${renderSessions(sessions, { nowMs, width })}\n`);
      for (const note of notesOf(sessions, agents, nowMs)) process.stderr.write(`${note}\n`);
      if (agents.length === 0)
        process.stderr.write('no agent is registered: run `convocate-host init-agent --host HOST`\n');
    });
}
