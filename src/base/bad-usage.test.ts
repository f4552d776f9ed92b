import { join } from 'node:path';
import { Command, type CommanderError, Option } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { asksForJson, quietForJson, tellBadUsage } from './bad-usage.ts';
import { runCommand } from './run-command.ts';

let stderr = '';
beforeEach(() => {
  stderr = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    stderr += String(chunk);
    return true;
  });
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => void vi.restoreAllMocks());

/** What a line to a program of ours ends with. */
function run(...words: string[]): number {
  const program = quietForJson(new Command('ours'), words)
    .exitOverride()
    .showHelpAfterError('(see: ours help)');
  program
    .command('show')
    .argument('<thing>')
    .option('--json')
    .addOption(new Option('--as <kind>').choices(['long', 'short']));
  program.command('need').requiredOption('--host <host>').option('--json');
  try {
    program.parse(words, { from: 'user' });
    return 0;
  } catch (error) {
    return tellBadUsage('ours', error as CommanderError, words);
  }
}

test.each<[words: string[], error: string, hint: string]>([
  [['show', 'x', '--json', '--nope'], "unknown option '--nope'", 'see: ours help'],
  [['show', 'x', '--jsn', '--json'], "unknown option '--jsn'", 'Did you mean --json?'],
  [['show', '--json'], "missing required argument 'thing'", 'see: ours help'],
  [
    ['show', 'x', '--json', '--as', 'round'],
    "option '--as <kind>' argument 'round' is invalid. Allowed choices are long, short.",
    'see: ours help',
  ],
  [['need', '--json'], "required option '--host <host>' not specified", 'see: ours help'],
  [['nope', '--json'], "unknown command 'nope'", 'see: ours help'],
  [['--json'], "unknown option '--json'", 'see: ours help'],
  [['help', 'nope', '--json'], 'no such verb', 'see: ours help'],
])('%j is refused with one JSON object', (words, error, hint) => {
  expect(run(...words)).toBe(2);
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(stderr)).toEqual({ error, kind: 'UsageError', exit: 2, hint });
});

test.each([[['show', '--nope', 'x']], [['show', '--nope', '--', '--json']]])(
  '%j, which asks for no JSON, is refused in words',
  (words) => {
    expect(run(...words)).toBe(2);
    expect(stderr).toBe("error: unknown option '--nope'\n(see: ours help)\n");
  },
);

test.each([[['help']], [['show', '--help', '--json']]])('%j is no error', (words) => {
  expect({ exitCode: run(...words), stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test.each(['convocate', 'convocate-host', 'convocate-agent'])('%s refuses so', async (program) => {
  const main = join(import.meta.dirname, '..', program, 'main.ts');
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  const refused = await runCommand([...node, main, 'version', '--nope', '--json']);
  const { stderr: told, ...rest } = refused;
  expect(rest).toEqual({ exitCode: 2, stdout: '' });
  expect(JSON.parse(told)).toEqual({
    error: "unknown option '--nope'",
    kind: 'UsageError',
    exit: 2,
    hint: `see: ${program} help`,
  });
});

test.each<[string[], boolean]>([
  [['ls', '--json'], true],
  [['ls'], false],
  [['send', 'api', '--', '--json'], false],
  [['send', '--json', 'api', '--', 'x'], true],
])('%j asks for JSON: %s', (words, asks) => {
  expect(asksForJson(words)).toBe(asks);
});
