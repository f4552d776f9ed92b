import type { Command } from 'commander';
import { LIMITS } from '../../protocol/limits.ts';
import { wholeNumber } from './option-values.ts';
import { printJson, printableText, styledText } from './printable.ts';
import { type SessionOptions, namedSession, sessionCommand } from './session-command.ts';

interface ScreenOptions extends SessionOptions {
  readonly scrollback?: number;
  readonly styled?: boolean;
}

export function addScreenCommand(program: Command): void {
  sessionCommand(program, 'screen', "print what a running session's terminal shows just now")
    .option('--scrollback <lines>', 'with so many lines above it', wholeNumber(0, LIMITS.scrollbackLines))
    .option('--styled', 'with its colours; nothing else of what a program sends to a terminal is let through')
    .option('--json', 'as JSON, with size, title and cursor; the text as the terminal has it')
    .action(async (reference: string, options: ScreenOptions) => {
      const { shell, session } = await namedSession(reference, options);
      const screen = await shell.call(session.agent_id, 'screen', {
        id: session.uuid,
        ...(options.scrollback !== undefined && { scrollback: options.scrollback }),
        ...(options.styled && { styled: true }),
      });
      if (options.json) printJson(screen);
      else process.stdout.write(`${options.styled ? styledText(screen.text) : printableText(screen.text)}\n`);
    });
}
