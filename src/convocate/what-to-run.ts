import { loginCommand } from './login-shell/login-command.ts';

/** What of the place that a command line was typed in decides how it is meant. */
export interface Surroundings {
  /** Both standard input and standard output are a terminal. */
  readonly isTerminal: boolean;
  /** As `TERM` has it. */
  readonly term: string | undefined;
}

/**
 * The one place that decides what a line means. Words are a verb and its own; as a login shell they come in one piece
 * behind `-c`. Without any, a terminal that can show it gets the screen, and everyone else the list.
 */
export function whatToRun(args: readonly string[], { isTerminal, term }: Surroundings): readonly string[] {
  const words = args[0] === '-c' ? loginCommand(args) : args;
  if (words.length > 0) return words;
  const canDraw = isTerminal && term !== undefined && term !== '' && term !== 'dumb';
  return canDraw ? ['tui'] : ['ls'];
}
