import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runChecked } from '../../src/base/run-command.ts';
import {
  ScriptedService,
  agentView,
  sessionView,
} from '../../src/convocate/commands/scripted-service-fixture.ts';
import { shownVerbs } from '../../src/convocate/verbs.ts';
import { COMPLETION_SCRIPTS } from '../../src/convocate/completion/scripts.ts';

/** Real shells, the real program behind them, and a service that answers as the test says. */
const MAIN = new URL('../../src/convocate/main.ts', import.meta.url).pathname;
const OTHER = '2222aaaa-2222-4222-8222-222222222222';
let service: ScriptedService;
let bin: string;

beforeEach(async () => {
  service = await ScriptedService.start();
  service.agents = [agentView(), agentView({ agent_id: 'bbbbbbbb', host: 'two' })];
  service.sessions = [
    sessionView(),
    sessionView({ uuid: OTHER, name: '$(touch /tmp/x)', host: 'two', agent_id: 'bbbbbbbb' }),
  ];
  bin = await mkdtemp(join(tmpdir(), 'convocate-completion-'));
  const program = `#!/bin/sh\nexec ${process.execPath} --disable-warning=ExperimentalWarning ${MAIN} "$@"\n`;
  await writeFile(join(bin, 'convocate'), program, { mode: 0o755 });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await rm(bin, { recursive: true, force: true });
});

function env(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${bin}:${process.env['PATH']}`, CONVOCATE_SOCKET: service.socketPath };
}

/** What bash offers for the last word of a line. */
async function bashOffers(...words: string[]): Promise<string[]> {
  const script = `${COMPLETION_SCRIPTS.bash}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_convocate convocate && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const argv = ['bash', '--norc', '-c', script, 'bash', 'convocate', ...words];
  return (await runChecked(argv, { env: env() })).split('\n').filter((line) => line !== '');
}

/** The same of zsh, whose completion runs only below a line editor: `compadd` is played by one that prints. */
async function zshOffers(...words: string[]): Promise<string[]> {
  const script = `compdef() { : }; compadd() { print -l -- "\${candidates[@]}" }
${COMPLETION_SCRIPTS.zsh}
words=("$@"); CURRENT=$#; _convocate || true`;
  const argv = ['zsh', '-f', '-c', script, 'zsh', 'convocate', ...words];
  return (await runChecked(argv, { env: env() })).split('\n').filter((line) => line !== '');
}

const shells = [
  ['bash', bashOffers],
  ['zsh', zshOffers],
] as const;

test.each(shells)('%s offers verbs, options, sessions and agents', { timeout: 60_000 }, async (_, offers) => {
  expect(await offers('')).toEqual([...shownVerbs(), 'help']);
  expect(await offers('tu')).toEqual([]);
  expect(await offers('res')).toEqual(['restart']);
  expect(await offers('kill', '')).toEqual(['api', OTHER]);
  expect(await offers('kill', '2222')).toEqual([OTHER]);
  expect(await offers('attach', '--agent', '')).toEqual(['one', 'two']);
  expect(await offers('wait', 'api', '--for', 'w')).toEqual(['waiting', 'working']);
  expect(await offers('ls', '--needs')).toEqual(['--needs-attention']);
});

test.each(shells)(
  '%s offers nothing, and says nothing, where the service is down',
  { timeout: 60_000 },
  async (_, offers) => {
    await service[Symbol.asyncDispose]();
    expect(await offers('kill', '')).toEqual([]);
    expect(await offers('nothing', '--x', '')).toEqual([]);
    service = await ScriptedService.start();
  },
);
