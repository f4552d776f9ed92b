import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedService, agentView, sessionView } from './scripted-service-fixture.ts';
import { type Awaited, isIn } from './wait.ts';

const api = sessionView();
const doing = (state: 'working' | 'waiting' | 'idle' | 'exited' | 'unknown') => ({
  state,
  since: '',
  detail: '',
});
let service: ScriptedService;

beforeEach(async () => {
  service = await ScriptedService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

test.each<[string, Parameters<typeof isIn>[1], Awaited[]]>([
  ['never started', sessionView({ running: false, started_at: '' }), ['stopped']],
  ['ended', sessionView({ running: false, activity: doing('exited') }), ['exited', 'stopped']],
  [
    'killed while it waited',
    sessionView({ running: false, activity: doing('waiting') }),
    ['exited', 'stopped'],
  ],
  ['at work', sessionView({ activity: doing('working') }), ['working', 'running']],
  ['waiting', sessionView({ activity: doing('waiting') }), ['waiting', 'running']],
  ['of a program that says nothing', sessionView({ activity: doing('unknown') }), ['running']],
])('a session %s', (_, session, states) => {
  const all = ['waiting', 'exited', 'idle', 'working', 'running', 'stopped'] as const;
  expect(all.filter((state) => isIn(state, session)).sort()).toEqual(states.sort());
});

test('ends at once where it is so already', async () => {
  service.sessions = [sessionView({ activity: doing('waiting') })];
  expect(await service.run('wait', 'api', '--for', 'waiting')).toEqual({
    exitCode: 0,
    stdout: `api (${api.uuid}) on one is waiting\n`,
    stderr: '',
  });
});

test('ends when the first of several comes, and not for another session', async () => {
  const ended = service.run('wait', 'api', '--for', 'idle', '--for', 'exited', '--json');
  await service.watched();
  const other = sessionView({ uuid: '22222222-2222-4222-8222-222222222222', activity: doing('idle') });
  service.push({ sessions: [other] });
  service.push({ sessions: [sessionView({ running: false, exit_code: 3 })] });
  const { exitCode, stdout } = await ended;
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ uuid: api.uuid, running: false, exit_code: 3 });
});

test('gives up in words after its time: exit 1', async () => {
  const { exitCode, stderr } = await service.run('wait', 'api', '--for', 'waiting', '--timeout', '0');
  expect(exitCode).toBe(1);
  expect(stderr).toBe(
    `error: api (${api.uuid}) on one was not waiting within 0 s\n` +
      '  next:    it is running, and what its program is doing is unknown; `convocate explain 11111111` says how that is known\n',
  );
});

test.each([
  [
    'its session is removed',
    { gone_sessions: [{ agent_id: api.agent_id, uuid: api.uuid }] },
    /was removed\n/,
  ],
  [
    'its agent is taken out of the cluster',
    { gone_agents: [api.agent_id] },
    /one is no agent of this cluster any more/,
  ],
])('ends with an error when %s', async (_, change, says) => {
  const ended = service.run('wait', 'api', '--for', 'idle');
  await service.watched();
  service.push(change);
  const { exitCode, stderr } = await ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(says);
});

test('what was seen last of an agent that is down does not count', async () => {
  service.agents = [agentView({ up: false })];
  service.sessions = [sessionView({ stale: true, activity: doing('idle') })];
  const ended = service.run('wait', 'api', '--for', 'idle', '--for', 'stopped', '--json');
  await service.watched();
  service.push({ agents: [agentView()], sessions: [sessionView({ running: false })] });
  expect(JSON.parse((await ended).stdout)).toMatchObject({ running: false });
});

test('goes on through a restart of the service, which reaches the agent only a while later', async () => {
  const ended = service.run('wait', 'api', '--for', 'idle');
  await service.watched();
  const [agent] = service.agents;
  service.agents = [agentView({ version: '', up: false })];
  service.sessions = [];
  service.dropWatchers();
  await service.watched();
  service.push({ agents: agent ? [agent] : [], sessions: [sessionView({ activity: doing('idle') })] });
  const { exitCode, stderr } = await ended;
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^convocate-status\.service went away \(.+\); waiting for its return\n$/);
});

test('and is told there that its session was removed meanwhile', async () => {
  const ended = service.run('wait', 'api', '--for', 'idle');
  await service.watched();
  service.sessions = [];
  service.dropWatchers();
  expect(await ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/was removed\n/) });
});

test.each([
  [['wait', 'api'], /required option '--for <state>'/],
  [['wait', 'api', '--for', 'ready'], /Allowed choices are waiting, exited/],
  [['wait', 'api', '--for', 'idle', '--timeout', 'soon'], /give a time such as/],
])('%j is bad usage', async (words, says) => {
  const { exitCode, stderr } = await service.run(...words);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(says);
});
