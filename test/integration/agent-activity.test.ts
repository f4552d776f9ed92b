// What the programs in real sessions are doing, as they tell it and as their terminals show it.
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import type { RpcResult } from '../../src/protocol/rpc.ts';
import { AgentUnderTest } from './support/agent-under-test.ts';
import { ensureSessionImage } from './support/session-image.ts';

const script = '/usr/local/lib/convocate-session/report-activity';

let engine: Engine;
let agent: AgentUnderTest;

beforeAll(async () => {
  engine = await openEngine();
  const image = await ensureSessionImage(engine.docker);
  agent = new AgentUnderTest(engine, image, "PS1='> ' exec bash --norc");
  await agent.start();
}, 600_000);

afterAll(() => agent[Symbol.asyncDispose](), 60_000);

async function runningSession(): Promise<string> {
  const { uuid: id } = await agent.call('create', { name: 'at-work' });
  await agent.call('restart', { id });
  await pollUntil(async () => (await agent.call('screen', { id })).text.startsWith('>') || undefined, {
    timeoutMs: 20_000,
    intervalMs: 100,
    what: 'the prompt of the shell',
  });
  return id;
}

async function run(id: string, line: string): Promise<void> {
  await agent.call('send', { id, text: line, keys: ['Enter'] });
}

async function becomes(id: string, state: string, detail?: string): Promise<RpcResult<'get'>> {
  return await agent.until(
    id,
    ({ activity }) => activity?.state === state && (detail === undefined || activity.detail === detail),
    45_000, // a terminal has its looks every 5 or 15 s
  );
}

/** What is told of it once its terminal has shown nothing new for so many seconds. */
async function quietFor(id: string, seconds: number): Promise<RpcResult<'explain'>> {
  const look = async (): Promise<RpcResult<'explain'> | undefined> => {
    const explained = await agent.call('explain', { id });
    const says = explained.evidence.find(({ source }) => source === 'terminal')?.says ?? '';
    const [, quietSeconds = 0] = /it last showed something new (\d+) s ago/.exec(says) ?? [];
    return Number(quietSeconds) >= seconds ? explained : undefined;
  };
  return await pollUntil(look, {
    timeoutMs: 60_000,
    intervalMs: 500,
    what: `its terminal quiet for ${seconds} s`,
  });
}

test('a session tells what it is doing; what reports nothing is unknown; what ended has exited', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  await becomes(id, 'unknown');
  const { mode, uid } = statSync(join(agent.homes, id, '.convocate'));
  expect([mode & 0o777, uid]).toEqual([0o700, statSync(join(agent.homes, id)).uid]);

  await run(id, `${script} working`);
  await becomes(id, 'working', '');
  await run(id, `echo '{"tool_name":"Bash"}' | ${script} waiting 'permission to use %tool'`);
  await becomes(id, 'waiting', 'permission to use Bash');
  await run(id, `${script} --still waiting 'something else'; ${script} idle`);
  const idle = await becomes(id, 'idle', '');

  const { activity, evidence } = await agent.call('explain', { id });
  expect(activity).toMatchObject({ state: 'idle', since: idle.activity?.since });
  expect(evidence).toContainEqual(
    expect.objectContaining({ source: 'hook', says: 'its program reported: idle', counts: true }),
  );
  expect(evidence).toContainEqual(expect.objectContaining({ source: 'process', says: 'bash runs in it' }));

  await run(id, 'exit 3');
  await becomes(id, 'exited', 'exit code 3');
  await agent.call('restart', { id });
  await becomes(id, 'unknown'); // what was told in the run before is of no account
});

test('a question that was answered is found out by the terminal that goes on', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  await run(
    id,
    `${script} waiting 'a yes'; sleep 5; for i in $(seq 1 300); do echo "step $i"; sleep 0.2; done`,
  );
  await becomes(id, 'waiting', 'a yes');
  await becomes(id, 'working');
  await agent.call('send', { id, keys: ['C-c'] });
  await becomes(id, 'waiting', 'a yes'); // quiet again: it may be waiting after all
});

test('what an operator does in another window of the session is not the doing of its program', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  const noise = String.raw`printf "\033]2;other\007"; while :; do echo noise; sleep 0.2; done`;
  await run(id, `${script} waiting 'a yes'; tmux new-window '${noise}'`);
  await becomes(id, 'waiting', 'a yes');
  await pollUntil(async () => (await agent.call('screen', { id })).text.includes('noise') || undefined, {
    timeoutMs: 20_000,
    intervalMs: 100,
    what: 'the other window',
  });
  // Long enough for looks that would take the noise for work.
  const { activity, evidence } = await quietFor(id, 12);
  expect(activity).toMatchObject({ state: 'waiting', detail: 'a yes' });
  expect(evidence).toContainEqual(expect.objectContaining({ source: 'process', says: 'bash runs in it' }));
});

/** As Claude Code notes of itself, of its own pane. */
const status = (state: string): string =>
  `printf '{"status":"${state}","statusUpdatedAt":%s,"tmux":"session:@0.%%0"}' "$(date +%s%3N)" >~/.claude/sessions/19.json`;

test('what no hook tells, its own status does: an answer, work that was interrupted', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  await run(id, `mkdir -p ~/.claude/sessions; ${status('busy')}; ${script} waiting 'a yes'`);
  await becomes(id, 'waiting', 'a yes');
  await run(id, status('busy'));
  await becomes(id, 'working', '');
  await run(id, status('idle'));
  await becomes(id, 'waiting', 'interrupted; waits for what to do next');
  const { evidence } = await agent.call('explain', { id });
  expect(evidence.filter(({ counts }) => counts)).toEqual([
    expect.objectContaining({ source: 'process', says: 'its status is: idle' }),
  ]);
});

test('a question that stands is told, though another part of the program reports its end; and so is work', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  const reported = async (says: string): Promise<RpcResult<'explain'>> =>
    await pollUntil(
      async () => {
        const explained = await agent.call('explain', { id });
        return explained.evidence.some((one) => one.says === says) ? explained : undefined;
      },
      { timeoutMs: 20_000, intervalMs: 100, what: says },
    );
  await run(id, `mkdir -p ~/.claude/sessions; ${status('waiting')}; ${script} working Bash`);
  expect((await reported('its program reported: working (Bash)')).activity).toMatchObject({
    state: 'waiting',
  });
  await run(id, `${status('busy')}; ${script} idle`);
  expect((await reported('its program reported: idle')).activity).toMatchObject({ state: 'working' });
  await becomes(id, 'working', '');
  await run(id, 'rm ~/.claude/sessions/19.json');
  await becomes(id, 'idle');
});

test('a tool that takes its time is work, whatever the title of the terminal says', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  await run(id, String.raw`printf '\033]2;\u2733 Claude Code\007'; ${script} working Bash`);
  await becomes(id, 'working', 'Bash');
  const { activity } = await quietFor(id, 5);
  expect(activity).toMatchObject({ state: 'working', detail: 'Bash' });
});

test('a tool of a subagent does not hide the question that waits for a person', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  const tool = (fields: string): string =>
    `echo '{${fields}"tool_name":"Read"}' | ${script} --tool working %tool; echo to""ld`;
  await run(id, `${script} waiting 'a yes'`);
  await becomes(id, 'waiting', 'a yes');
  await run(id, tool('"agent_id":"a1",'));
  await pollUntil(async () => (await agent.call('screen', { id })).text.includes('told') || undefined, {
    timeoutMs: 20_000,
    intervalMs: 100,
    what: 'the report of the subagent made',
  });
  const report = readFileSync(join(agent.homes, id, '.convocate/activity.json'), 'utf8');
  expect(JSON.parse(report)).toMatchObject({ state: 'waiting', detail: 'a yes' });
  await run(id, tool(''));
  await becomes(id, 'working', 'Read');
});

test('a report by way of a link, or in a directory that was put in its place, tells nothing that is not its own', {
  timeout: 150_000,
}, async () => {
  const id = await runningSession();
  const home = join(agent.homes, id);
  await run(id, `${script} working`);
  await becomes(id, 'working');
  const lie = JSON.stringify({ state: 'waiting', detail: 'a lie', at: Date.now() });
  writeFileSync(join(agent.root, 'lie.json'), lie);
  renameSync(join(home, '.convocate'), join(home, '.aside'));
  mkdirSync(join(home, '.convocate'));
  symlinkSync(join(agent.root, 'lie.json'), join(home, '.convocate/activity.json'));
  await becomes(id, 'unknown');
  const { evidence } = await agent.call('explain', { id });
  expect(JSON.stringify(evidence)).not.toContain('lie');
});

test('an agent that was started anew knows at once', { timeout: 120_000 }, async () => {
  const id = await runningSession();
  await run(id, `${script} waiting 'an answer'`);
  await becomes(id, 'waiting');
  await agent.stop();
  await agent.start();
  expect((await agent.call('get', { id })).activity).toMatchObject({ state: 'waiting', detail: 'an answer' });
});
