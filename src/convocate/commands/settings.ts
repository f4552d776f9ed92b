import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { AgentSettingsChange } from '../../protocol/agent-settings.ts';
import { describeIssue } from '../../protocol/rpc.ts';
import { printJson, printable } from './printable.ts';

interface SettingsOptions {
  readonly agent?: string;
  readonly json?: boolean;
}

export function addSettingsCommand(program: Command): void {
  program
    .command('settings')
    .description("show an agent's settings, or change those given; they apply when a session is started next")
    .argument(
      '[name=value...]',
      'session_command=…, resume_command=…, session_program=…, pids_limit=…, share_ssh=…, profile=…',
    )
    .option('--agent <host|id>', 'the agent; not needed where there is only one')
    .option('--json', 'as one JSON object')
    .action(async (assignments: string[], options: SettingsOptions) => {
      const [{ openShell }, { chooseAgent }] = await Promise.all([
        import('./open-shell.ts'),
        import('./choose-agent.ts'),
      ]);
      const change = parseAssignments(assignments);
      const shell = openShell();
      const { agent_id } = chooseAgent(await shell.agents(), options.agent);
      const settings =
        assignments.length === 0
          ? await shell.call(agent_id, 'settings-get', null)
          : await shell.call(agent_id, 'settings-set', change);
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${printable(String(value))}\n`);
      if (options.json) printJson(settings);
      else process.stdout.write(lines.join(''));
    });
}

/** `pids_limit=500` → `{pids_limit: 500}`. Throws UsageError on an unknown name or a value that breaks its rule. */
export function parseAssignments(assignments: readonly string[]): AgentSettingsChange {
  const pairs = assignments.map((assignment) => {
    const at = assignment.indexOf('=');
    if (at === -1) throw new UsageError(`not NAME=VALUE: ${JSON.stringify(assignment)}`);
    return [assignment.slice(0, at), typed(assignment.slice(at + 1))] as const;
  });
  const change = AgentSettingsChange.safeParse(Object.fromEntries(pairs));
  if (!change.success) throw new UsageError(describeIssue(change.error, 'settings'));
  return change.data;
}

function typed(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^\d{1,9}$/.test(value) ? Number(value) : value;
}
