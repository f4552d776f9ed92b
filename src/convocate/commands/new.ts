import type { Command } from 'commander';
import { OperationError, OperatorError, UsageError, messageOf } from '../../base/errors.ts';
import type { Session } from '../../protocol/session.ts';
import { printJson } from './printable.ts';
import type { FieldOptions } from './session-fields.ts';

interface NewOptions extends Omit<FieldOptions, 'name'> {
  readonly agent?: string;
  readonly start?: boolean;
  readonly attach?: boolean;
  readonly json?: boolean;
}

export function addNewCommand(program: Command): void {
  program
    .command('new')
    .description('make a session; it is started by --start, or when someone attaches')
    .argument('<name>', 'letters, digits, _ and -, up to 64')
    .option('--agent <host|id>', 'where; may be left out where there is one agent only')
    .option('--port <n>', 'a port of the host for the session: a number, auto, or 0 for none')
    .option('--protocol <tcp|udp>', 'of the port')
    .option(
      '--dns-name <name>',
      'lowercase labels, joined by dots: kept with the session, and its hostname inside',
    )
    .option('--start', 'start it now')
    .option('--attach', 'start it now and attach to it')
    .option('--json', 'print the session as JSON')
    .action(run);
}

async function run(name: string, options: NewOptions): Promise<void> {
  if (options.attach && options.json) throw new UsageError('--attach and --json exclude each other');
  const [{ openShell }, { chooseAgent }, { sessionFields }, { describeSession }, { sessionAfter }] =
    await Promise.all([
      import('./open-shell.ts'),
      import('./choose-agent.ts'),
      import('./session-fields.ts'),
      import('./find-session.ts'),
      import('./after-change.ts'),
    ]);
  const fields = { ...sessionFields({ ...options, name }), name };
  if (options.attach) (await import('../attach/own-terminal.ts')).requireTerminal();
  const shell = openShell();
  const agent = chooseAgent(await shell.agents(), options.agent);
  let session: Session = await shell.call(agent.agent_id, 'create', fields);
  const what = describeSession({ ...session, host: agent.host });
  if (options.attach) {
    const [{ attachToSession }, { tellAttachEnd }] = await Promise.all([
      import('../attach/attach-session.ts'),
      import('./tell-attach-end.ts'),
    ]);
    await afterCreation(what, async () => {
      tellAttachEnd(await attachToSession(shell, { ...session, host: agent.host }, {}));
    });
    return;
  }
  const { agent_id: agentId } = agent;
  const { uuid } = session;
  if (options.start) await afterCreation(what, () => shell.call(agentId, 'restart', { id: uuid }));
  const done = `${options.start ? 'created and started' : 'created'} ${what}`;
  if (options.start && options.json) session = await sessionAfter(shell, { agentId, uuid }, done);
  if (options.json) printJson(session);
  else process.stdout.write(`${done}\n`);
}

/** From here on the session is there: an error that does not say so would make the operator create a second one. */
async function afterCreation(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const details = error instanceof OperatorError ? error.details : {};
    throw new OperationError(`created ${what}, but then: ${messageOf(error)}`, { ...details, cause: error });
  }
}
