// The real Claude Code on the agent hosts, at work without an account: its API is played by a stand-in on the shell host.
import { join } from 'node:path';
import { AGENT_HOST } from '../../src/protocol/host-layout.ts';
import { demoApiKey, demoHome } from './demo-home.ts';
import { fetchClaude } from './fetch-claude.ts';
import type { Lab } from '../lab.ts';

const apiPort = 8088;
/** So that a session writes a file about every two seconds. */
const wordMs = 100;
const program = '/usr/local/bin/claude';

/** As the settings of an agent name them; what is left out is as the product has it. */
export interface SessionCommands {
  readonly session_command?: string;
  readonly resume_command?: string;
}

export async function copyClaudeTo(lab: Lab): Promise<void> {
  const fetched = await fetchClaude();
  for (const agent of lab.agents) await agent.copyIn(fetched, program);
}

/** Plays the model's API with the runtime that the release `version` brought along. */
export async function startApi({ shell }: Pick<Lab, 'shell'>, version: string): Promise<void> {
  const script = '/opt/stand-in/stand-in-api.ts';
  await shell.copyIn(join(import.meta.dirname, 'stand-in-api.ts'), script);
  const node = `/opt/convocate/${version}/build/runtime/node`;
  const flags = ['--listen', `0.0.0.0:${apiPort}`, '--word-ms', String(wordMs)];
  await shell.run([
    'systemd-run',
    '--quiet',
    '--unit=stand-in-api',
    '--property=Restart=always',
    node,
    script,
    ...flags,
  ]);
}

/** What an operator would put into `/etc/convocate-agent` once: variables, what a new home starts with, the commands. */
export async function configureAgents(lab: Lab, commands: SessionCommands): Promise<void> {
  const address = await lab.shell.address();
  const variables = `ANTHROPIC_BASE_URL=http://${address}:${apiPort}\nANTHROPIC_API_KEY=${demoApiKey}\n`;
  const settings = `${JSON.stringify(commands, null, 2)}\n`;
  for (const agent of lab.agents) {
    await agent.writeFile(AGENT_HOST.sessionEnvFile, variables, { mode: '0600' });
    await agent.writeFile(AGENT_HOST.settingsFile, settings);
    for (const [path, content] of demoHome(demoApiKey))
      await agent.writeFile(`${AGENT_HOST.skelDir}/${path}`, content);
  }
}
