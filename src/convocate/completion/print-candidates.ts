import { once } from 'node:events';
import { withDeadline } from '../../base/deadline.ts';
import { EXIT } from '../../base/errors.ts';
import type { ShellClient } from '../../cluster/shell-client.ts';
import { buildProgram } from '../build-program.ts';
import { shownVerbs } from '../verbs.ts';
import { candidatesFor } from './candidates.ts';

/** Someone sits before the line and waits. */
const PATIENCE_MS = 1_500;
/** What a shell takes as it is, whatever its quoting; a stranger name is left to be typed. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._@:-]*$/;

/**
 * One candidate a line for the last of `words`. Nothing at all, and exit 0, where the service is down or the line makes
 * no sense: whoever types wants no error messages between the letters.
 */
export async function printCandidates(words: readonly string[]): Promise<number> {
  const knowledge = { verbs: shownVerbs, command: commandOf, agents, sessions };
  const candidates = await withDeadline(candidatesFor(words, knowledge), PATIENCE_MS, 'completion').catch(
    () => [],
  );
  if (candidates.length > 0 && !process.stdout.write(`${candidates.join('\n')}\n`))
    await once(process.stdout, 'drain');
  process.exit(EXIT.done); // a service that hangs must not hold the shell
}

async function commandOf(verb: string): Promise<Awaited<ReturnType<typeof buildProgram>> | undefined> {
  const program = await buildProgram(verb);
  return program.commands.find((command) => command.name() === verb);
}

async function shell(): Promise<ShellClient> {
  const { openShell } = await import('../commands/open-shell.ts');
  return openShell();
}

async function agents(): Promise<string[]> {
  const views = await (await shell()).agents();
  return views.map(({ host, agent_id }) => (PLAIN.test(host) ? host : agent_id));
}

/** By name where that names one session only, and by UUID where one is being typed or there is no such name. */
async function sessions(typed: string, agent: string | undefined): Promise<string[]> {
  const { chooseSessions } = await import('../commands/choose-sessions.ts');
  const all = chooseSessions(await (await shell()).sessions(), {});
  const meant = all.filter(({ host, agent_id }) => !agent || host === agent || agent_id === agent);
  const byName = new Map(meant.map(({ name }) => [name, meant.filter((one) => one.name === name).length]));
  const named = meant.filter(({ name }) => byName.get(name) === 1 && PLAIN.test(name));
  const others = typed === '' ? meant.filter((session) => !named.includes(session)) : meant;
  const found = [...named.map(({ name }) => name), ...others.map(({ uuid }) => uuid)];
  return [...new Set(found)].filter((one) => one.startsWith(typed));
}
