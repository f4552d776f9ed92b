import { type Command, Option } from 'commander';
import { STATE_LETTER, type SessionState } from '../../protocol/session-actions.ts';
import { chooseSessions } from './choose-sessions.ts';
import { printJson } from './printable.ts';

interface LsOptions {
  readonly json?: boolean;
  readonly agent?: string;
  readonly state?: SessionState;
  readonly needsAttention?: boolean;
  readonly olderImage?: boolean;
}

export function addLsCommand(program: Command): void {
  program
    .command('ls')
    .description('list the sessions of all agents, the one used last first')
    .option('--agent <host|id>', 'only those of this agent')
    .addOption(new Option('--state <state>', 'only those in this state').choices(Object.keys(STATE_LETTER)))
    .option('--needs-attention', 'only those that wait for a person, ended badly, are damaged or locked')
    .option('--older-image', 'only those whose image is not the one that their agent starts now')
    .option('--json', 'as one JSON object {"agents": […], "sessions": […]}')
    .action(list);
}

async function list(options: LsOptions): Promise<void> {
  const [{ openShell }, { namedAgent }] = await Promise.all([
    import('./open-shell.ts'),
    import('./choose-agent.ts'),
  ]);
  const shell = openShell();
  const [allAgents, allSessions] = await Promise.all([shell.agents(), shell.sessions()]);
  const agent = options.agent === undefined ? undefined : namedAgent(allAgents, options.agent).agent_id;
  const agents = allAgents.filter(({ agent_id }) => agent === undefined || agent_id === agent);
  const sessions = chooseSessions(allSessions, { ...options, agent });
  if (options.json) {
    printJson({ agents, sessions });
    return;
  }
  const [{ renderSessions, notesOf }, { refineColumns }] = await Promise.all([
    import('./session-table.ts'),
    import('../../base/text-columns.ts'),
  ]);
  const nowMs = Date.now();
  const width = process.stdout.isTTY ? process.stdout.columns : undefined;
  let table = renderSessions(sessions, { nowMs, width });
  if (await refineColumns()) table = renderSessions(sessions, { nowMs, width });
  process.stdout.write(`${table}\n`);
  for (const note of notesOf(sessions, agents, nowMs)) process.stderr.write(`${note}\n`);
  if (agents.length === 0)
    process.stderr.write('no agent is registered: run `convocate-host init-agent --host HOST`\n');
}
