import { Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { type Knowledge, candidatesFor } from './candidates.ts';

const program = new Command();
program
  .command('wait')
  .argument('<session>')
  .argument('[text...]')
  .option('--agent <host|id>')
  .option('-q, --quiet')
  .addOption(new Option('--for <state>').choices(['waiting', 'exited', 'idle']))
  .addOption(new Option('--secret <x>').hideHelp());
program.command('say').argument('<name>');

const knowledge: Knowledge = {
  verbs: () => ['wait', 'say'],
  command: async (verb) => program.commands.find((command) => command.name() === verb),
  agents: async () => ['one', 'two'],
  sessions: async (typed, agent) =>
    ['api', 'app', 'web'].filter((one) => one.startsWith(typed)).map((one) => `${one}${agent ?? ''}`),
};

test.each<[string[], string[]]>([
  [[], ['wait', 'say', 'help']],
  [[''], ['wait', 'say', 'help']],
  [['w'], ['wait']],
  [['-'], ['--help']],
  [
    ['help', ''],
    ['wait', 'say'],
  ],
  [['help', 'wait', ''], []],
  [['nothing', ''], []],
  [
    ['wait', ''],
    ['api', 'app', 'web'],
  ],
  [
    ['wait', 'ap'],
    ['api', 'app'],
  ],
  [
    ['wait', '-'],
    ['--agent', '--quiet', '--for', '--help'],
  ],
  [['wait', '--a'], ['--agent']],
  [
    ['wait', '--for', ''],
    ['waiting', 'exited', 'idle'],
  ],
  [['wait', '--for', 'wa'], ['waiting']],
  [['wait', '--for=wa'], ['--for=waiting']],
  [['wait', '--for', '=', 'wa'], ['waiting']],
  [
    ['wait', '--for', '='],
    ['waiting', 'exited', 'idle'],
  ],
  [['wait', '--agent', 't'], ['two']],
  [
    ['wait', '--agent', 'two', 'a'],
    ['apitwo', 'apptwo'],
  ],
  [
    ['wait', '--agent=two', 'a'],
    ['apitwo', 'apptwo'],
  ],
  [
    ['wait', '-q', 'a'],
    ['api', 'app'],
  ],
  [['wait', 'api', ''], []],
  [['wait', 'api', 'word', ''], []],
  [['wait', '--', '--f'], []],
  [
    ['wait', '--nothing=', ''],
    ['api', 'app', 'web'],
  ],
  [['say', ''], []],
])('%j', async (words, candidates) => {
  expect(await candidatesFor(words, knowledge)).toEqual(candidates);
});
