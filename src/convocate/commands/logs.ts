import type { Command } from 'commander';
import { LIMITS } from '../../protocol/limits.ts';
import { wholeNumber } from './option-values.ts';
import { printJson, printableText } from './printable.ts';
import { type SessionOptions, namedSession, sessionCommand } from './session-command.ts';

interface LogsOptions extends SessionOptions {
  readonly tail?: number;
}

export function addLogsCommand(program: Command): void {
  sessionCommand(program, 'logs', "print what a session's container has logged; also of one that has ended")
    .option('--tail <lines>', 'only so many of the last lines', wholeNumber(1, LIMITS.logLines))
    .option('--json', 'as one JSON object {"text": …, "truncated": …}')
    .action(async (reference: string, options: LogsOptions) => {
      const { shell, session } = await namedSession(reference, options);
      const logs = await shell.call(session.agent_id, 'logs', {
        id: session.uuid,
        ...(options.tail !== undefined && { tail: options.tail }),
      });
      if (options.json) {
        printJson(logs);
        return;
      }
      const text = printableText(logs.text).replace(/\n$/, '');
      if (text !== '') process.stdout.write(`${text}\n`);
      if (logs.truncated && options.tail === undefined) process.stderr.write('older lines were left out\n');
    });
}
