// The real Claude Code on the agent hosts, at work without an account: its API is played by a stand-in on the shell host.
import { join } from 'node:path';
import { AGENT_HOST } from '../../src/protocol/host-layout.ts';
import { demoApiKey, demoHome } from '../claude/demo-home.ts';
import { fetchClaude } from '../claude/fetch-claude.ts';
import type { Lab } from '../lab.ts';
import { oldRelease } from './releases.ts';

const apiPort = 8088;
/** So that a session writes a file about every two seconds. */
const wordMs = 100;
const program = '/usr/local/bin/claude';

/** A new session starts on its task, one that was stopped takes up its conversation. Neither waits for a person. */
const commands = {
  session_command: 'claude "Improve $HOSTNAME in 500 steps"',
  resume_command: 'claude --continue "Go on, in 500 steps"',
};

export async function copyClaudeTo(lab: Lab): Promise<void> {
  const fetched = await fetchClaude();
  for (const agent of lab.agents) await agent.copyIn(fetched, program);
}

/** Plays the model's API with the runtime that the release brought along. */
export async function startApi(lab: Lab): Promise<void> {
  const { shell } = lab;
  const script = '/opt/stand-in/stand-in-api.ts';
  await shell.copyIn(join(import.meta.dirname, '../claude/stand-in-api.ts'), script);
  const node = `/opt/convocate/${oldRelease.version}/build/runtime/node`;
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
export async function configureAgents(lab: Lab): Promise<void> {
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
