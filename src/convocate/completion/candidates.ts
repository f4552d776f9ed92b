import type { Argument, Command, Option } from 'commander';

/** What a completion draws on; each is asked only where it is needed. */
export interface Knowledge {
  readonly verbs: () => readonly string[];
  readonly command: (verb: string) => Promise<Command | undefined>;
  readonly agents: () => Promise<readonly string[]>;
  /** Of one agent only, where the line names one; `typed` is what their names must begin with. */
  readonly sessions: (typed: string, agent: string | undefined) => Promise<readonly string[]>;
}

/**
 * What may stand in place of the last of `words`, which is what has been typed of it so far, possibly nothing. The words
 * before it tell which verb, option or argument it is; commander's own definitions say what each of them takes.
 */
export async function candidatesFor(words: readonly string[], knowledge: Knowledge): Promise<string[]> {
  const line = joined(words);
  const typed = line.at(-1) ?? '';
  const fitting = (found: readonly string[]): string[] => found.filter((one) => one.startsWith(typed));
  const [verb, ...rest] = line.slice(0, -1);
  if (verb === undefined) return fitting(typed.startsWith('-') ? ['--help'] : [...knowledge.verbs(), 'help']);
  if (verb === 'help') return rest.length === 0 ? fitting(knowledge.verbs()) : [];
  const command = await knowledge.command(verb);
  if (!command) return [];

  const { operands, agent, open, onlyOperands } = read(rest, command);
  if (open) return fitting(await valuesOf(open, knowledge));
  if (!onlyOperands && typed.startsWith('-')) {
    const at = typed.indexOf('=');
    if (at === -1) return fitting(flagsOf(command));
    const option = optionOf(command, typed.slice(0, at));
    const values = option ? await valuesOf(option, knowledge) : [];
    return fitting(values.map((value) => `${typed.slice(0, at)}=${value}`));
  }
  const argument = argumentAt(command, operands);
  if (argument?.name() === 'session') return [...(await knowledge.sessions(typed, agent))];
  return fitting(argument?.argChoices ?? []);
}

/** Bash takes `--agent=x` for three words. */
function joined(words: readonly string[]): string[] {
  const line: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word !== '=') line.push(word);
    else if (index === words.length - 1) line.push('');
  }
  return line;
}

interface Reading {
  /** How many arguments stand before the word in question. */
  readonly operands: number;
  readonly agent: string | undefined;
  /** The option whose value is being typed. */
  readonly open: Option | undefined;
  readonly onlyOperands: boolean;
}

function read(words: readonly string[], command: Command): Reading {
  let operands = 0;
  let agent: string | undefined;
  let open: Option | undefined;
  let onlyOperands = false;
  for (const word of words) {
    if (open) {
      if (open.long === '--agent') agent = word;
      open = undefined;
    } else if (onlyOperands || !word.startsWith('-') || word === '-') operands += 1;
    else if (word === '--') onlyOperands = true;
    else {
      const [flag = '', ...value] = word.split('=');
      const option = optionOf(command, flag);
      if (option?.long === '--agent' && value.length > 0) agent = value.join('=');
      if (option && value.length === 0 && (option.required || option.optional)) open = option;
    }
  }
  return { operands, agent, open, onlyOperands };
}

async function valuesOf(option: Option, knowledge: Knowledge): Promise<readonly string[]> {
  if (option.long === '--agent') return await knowledge.agents();
  if (option.long === '--session') return await knowledge.sessions('', undefined);
  return option.argChoices ?? [];
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find((option) => option.long === flag || option.short === flag);
}

function flagsOf(command: Command): string[] {
  const shown = command.options.filter((option) => !option.hidden);
  return [...shown.flatMap((option) => option.long ?? []), '--help'];
}

/** The last one again and again where it takes many words. */
function argumentAt(command: Command, index: number): Argument | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}
