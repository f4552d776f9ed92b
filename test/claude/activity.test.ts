// What operators see of sessions with the real Claude Code: each state in the list within a second of its cause.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configureAgents, copyClaudeTo, startApi } from '../../lab/claude/claude-on-lab.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import type { SessionView } from '../../src/protocol/shell-socket.ts';
import { freshCluster } from '../e2e/support/fresh-lab.ts';
import { buildRelease } from '../e2e/support/releases.ts';
import { killSession, listedSession, newSession, restartSession } from '../e2e/support/sessions.ts';

const version = 'v1.0.0-claude';
const asClaude = { user: 'claude' } as const;

let lab: Lab;
let shell: Machine;

beforeAll(async () => {
  const tree = await buildRelease({ version });
  lab = await freshCluster({ name: 'claude-test', agents: 1, tree });
  shell = lab.shell;
  await copyClaudeTo(lab);
  await startApi(lab, tree.split('/').at(-1) ?? '');
  await configureAgents(lab, {});
});

afterAll(() => lab?.close());

/**
 * Waits for a state in the list, and for what is told of it; says how long after its cause, by the agent's clock, the state
 * could be read there.
 */
async function becomes(id: string, state: string, detail = /^/): Promise<SessionView> {
  const startedAt = Date.now();
  let behindMs: number | undefined;
  const found = await pollUntil(
    async () => {
      const now = await listedSession(shell, id);
      if (now?.activity?.state !== state) return undefined;
      behindMs ??= Date.now() - Date.parse(now.activity.since);
      return detail.test(now.activity.detail) ? now : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 50, what: `${state} ${String(detail)}` },
  );
  process.stdout.write(
    `${state}: in the list ${behindMs} ms after its cause, ${Date.now() - startedAt} ms after it was waited for\n`,
  );
  return found;
}

async function say(id: string, text: string): Promise<void> {
  await shell.run(['convocate', 'send', id, text, '--enter'], asClaude);
}

/** In one go: Claude Code ends at a second Ctrl-C that follows the first at once. */
async function press(id: string, ...keys: readonly string[]): Promise<void> {
  await shell.run(['convocate', 'send', id, ...keys.flatMap((key) => ['--key', key])], asClaude);
}

test('idle, working, waiting for a permission, working, idle, waiting for the next prompt, exited', async () => {
  const id = await newSession(shell, 'agent-a', 'real');
  await becomes(id, 'idle');
  await say(id, 'Improve the scheduler in 4 steps');
  await becomes(id, 'working');
  await becomes(id, 'idle');

  const waiting = shell.exec(['convocate', 'wait', id, '--for', 'waiting', '--timeout', '60s'], asClaude);
  await say(id, 'Please ask permission');
  await becomes(id, 'waiting', /permission to use Bash/);
  expect((await waiting).exitCode).toBe(0);
  const attention = await shell.run(['convocate', 'ls', '--needs-attention', '--json'], asClaude);
  expect(attention.stdout).toContain(id);
  const explained = await shell.run(['convocate', 'explain', id], asClaude);
  expect(explained.stdout).toContain('permission to use Bash');
  await press(id, 'Enter');
  await becomes(id, 'idle');
});

test('interrupted in the middle of its work, which no hook tells, it waits for a person', async () => {
  const id = await newSession(shell, 'agent-a', 'interrupted');
  await becomes(id, 'idle');
  await say(id, 'Paint the fence in 300 steps');
  await becomes(id, 'working');
  await press(id, 'Escape');
  await becomes(id, 'waiting', /^interrupted/);
});

test('a command that was allowed and takes its time is work, from the answer on', async () => {
  const id = await newSession(shell, 'agent-a', 'patient');
  await becomes(id, 'idle');
  await say(id, 'Please ask permission for 45 seconds');
  await becomes(id, 'waiting', /permission to use Bash/);
  await press(id, 'Enter');
  const { activity } = await becomes(id, 'working');
  const changed = await pollUntil(
    async () => {
      const now = await listedSession(shell, id);
      return now?.activity?.state === 'working' ? undefined : now;
    },
    { timeoutMs: 90_000, intervalMs: 500, what: 'the end of the command' },
  );
  expect(changed?.activity?.state).toBe('idle');
  const workedMs = Date.parse(changed?.activity?.since ?? '') - Date.parse(activity?.since ?? '');
  expect(workedMs).toBeGreaterThan(44_000);
});

test('killed in the middle of its work and restarted, it is back in its own conversation', async () => {
  const id = await newSession(shell, 'agent-a', 'cut-over');
  await becomes(id, 'idle');
  await say(id, 'Count the turtles in 300 steps');
  await becomes(id, 'working', /Write/); // from here on its conversation holds what was said
  await killSession(shell, id);
  await becomes(id, 'exited');
  await restartSession(shell, id);
  await becomes(id, 'idle');
  const screen = async (): Promise<string> =>
    (await shell.run(['convocate', 'screen', id, '--scrollback', '500'], asClaude)).stdout;
  await pollUntil(async () => (await screen()).includes('Count the turtles') || undefined, {
    timeoutMs: 30_000,
    intervalMs: 500,
    what: 'the conversation of before on the screen',
  });
  await press(id, 'C-c', 'C-c');
  await becomes(id, 'exited');
});
