import { expect, test } from 'vitest';
import { buildProgram } from './build-program.ts';
import { VERBS, shownVerbs } from './verbs.ts';

test('the verbs are those of the program, and those that are shown are those of its help', async () => {
  const program = await buildProgram(undefined);
  expect(VERBS.map(([name]) => name)).toEqual(program.commands.map((command) => command.name()));
  const inHelp = program.createHelp().visibleCommands(program);
  expect([...shownVerbs(), 'help']).toEqual(inHelp.map((command) => command.name()));
});
