import { afterEach, beforeEach, expect, test } from 'vitest';
import { newAgentState } from '../../cluster/cluster-state.ts';
import { agentViewOf } from '../../cluster/cluster-views.ts';
import { eventLine } from './events.ts';
import { ScriptedService, agentView, sessionView } from './scripted-service-fixture.ts';

const api = sessionView();
const web = sessionView({ uuid: '22222222-2222-4222-8222-222222222222', name: 'web' });
const two = agentView({ agent_id: 'bbbbbbbb', host: 'two' });
const far = sessionView({ ...web, agent_id: 'bbbbbbbb', host: 'two', name: 'far' });
let service: ScriptedService;

beforeEach(async () => {
  service = await ScriptedService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

test('one JSON object for each change, and none for what stays', async () => {
  const ended = service.run('events', '--json', '--count', '8');
  await service.watched();
  service.push({ load: [1, 1, 1] });
  service.push({ sessions: [web] });
  const activity = { state: 'waiting', since: '', detail: 'a permission' } as const;
  service.push({ sessions: [{ ...web, activity }] });
  service.push({
    sessions: [
      { ...web, activity },
      { ...api, attached: 1 },
    ],
  });
  service.push({ sessions: [{ ...api, name: 'new', running: false, exit_code: 137, oom_killed: true }] });
  service.push({ agents: [agentView({ up: false, problem: 'cut' })], sessions: [{ ...web, stale: true }] });
  service.push({ agents: [agentView({ version: 'v2' })], gone_sessions: [api] });
  const { exitCode, stdout } = await ended;
  expect(exitCode).toBe(0);
  const place = { agent_id: 'aaaaaaaa', host: 'one' };
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const line of lines) expect(line['at']).toMatch(/^\d{4}-.*Z$/);
  for (const line of lines) delete line['at'];
  expect(lines).toEqual([
    { event: 'session.appeared', ...place, session: web.uuid, name: 'web', to: 'running' },
    {
      event: 'session.activity',
      ...place,
      session: web.uuid,
      name: 'web',
      from: 'unknown',
      to: 'waiting',
      detail: 'a permission',
    },
    { event: 'session.state', ...place, session: api.uuid, name: 'api', from: 'running', to: 'connected' },
    { event: 'session.edited', ...place, session: api.uuid, name: 'new', detail: 'name api -> new' },
    {
      event: 'session.state',
      ...place,
      session: api.uuid,
      name: 'new',
      from: 'connected',
      to: 'stopped',
      exit_code: 137,
      oom_killed: true,
    },
    { event: 'agent.down', ...place, detail: 'cut' },
    { event: 'agent.up', ...place },
    { event: 'agent.release', ...place, from: 'v1', to: 'v2' },
  ]);
});

test('what became of a session while its agent was away is told once the agent is back', async () => {
  const ended = service.run('events', '--json', '--count', '3');
  await service.watched();
  const stopped = { ...api, running: false, exit_code: 1 };
  service.push({ agents: [agentView({ up: false, problem: 'cut' })], sessions: [{ ...api, stale: true }] });
  service.push({ sessions: [{ ...stopped, stale: true }] });
  service.push({ agents: [agentView()], sessions: [stopped] });
  const { stdout } = await ended;
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([
    { event: 'agent.down' },
    { event: 'agent.up' },
    { event: 'session.state', name: 'api', from: 'running', to: 'stopped', exit_code: 1 },
  ]);
});

test('only of one agent, or of one session', async () => {
  service.agents = [agentView(), two];
  const ofAgent = service.run('events', '--agent', 'two', '--count', '2', '--json');
  await service.watched();
  service.push({ sessions: [web] });
  service.push({ sessions: [far] });
  service.push({ gone_agents: ['bbbbbbbb'] });
  const lines = (await ofAgent).stdout.trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
    'session.appeared',
    'agent.gone',
  ]);

  service.dropWatchers();
  const ofSession = service.run('events', '--session', 'api', '--count', '1');
  await service.watched();
  service.push({ sessions: [web], agents: [agentView({ up: false })] });
  service.push({ sessions: [{ ...api, running: false, exit_code: 0 }] });
  expect((await ofSession).stdout).toMatch(
    /^\d\d:\d\d:\d\d one api \(11111111\): running -> stopped \(exit code 0\)\n$/,
  );
});

test('--timeout ends it, which is no error', async () => {
  expect(await service.run('events', '--timeout', '0')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

/** As a service that has just started tells of an agent. */
const untried = agentViewOf(newAgentState('aaaaaaaa', 'one', '2026-01-01T00:00:00Z'));

/** It goes while it is watched, and is back before it has reached anybody. */
async function restartService(): Promise<void> {
  await service.watched();
  service.agents = [untried];
  service.sessions = [];
  service.dropWatchers();
  await service.watched();
}

test('a service that was restarted is no news: nothing has gone, and what changed meanwhile is told', async () => {
  const ended = service.run('events', '--count', '1', '--json');
  await restartService();
  service.push({ agents: [agentView()], sessions: [{ ...api, running: false }] });
  expect(JSON.parse((await ended).stdout)).toMatchObject({ event: 'session.state', to: 'stopped' });
});

test('an agent that died while the service was restarted is told as down, and its release when it is back', async () => {
  const ended = service.run('events', '--count', '3', '--json');
  await restartService();
  service.push({ load: [1, 1, 1] });
  service.push({ agents: [{ ...untried, problem: 'cannot reach the agent: EHOSTUNREACH' }] });
  service.push({ agents: [{ ...untried, problem: 'cannot reach the agent: ECONNREFUSED' }] });
  service.push({ agents: [agentView({ version: 'v2' })], sessions: [api] });
  const lines = (await ended).stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { event: 'agent.down', host: 'one', detail: 'cannot reach the agent: EHOSTUNREACH' },
    { event: 'agent.up', host: 'one' },
    { event: 'agent.release', from: 'v1', to: 'v2' },
  ]);
});

test('a line holds nothing that a terminal obeys', () => {
  const event = {
    event: 'session.activity',
    agent_id: 'a',
    host: 'one\u001b[2J',
    session: api.uuid,
  } as const;
  const line = eventLine(
    { ...event, name: 'x\u0007', from: 'idle', to: 'working', detail: '\u009b' },
    new Date(),
  );
  expect(line).toMatch(/ one\ufffd\[2J x\ufffd \(11111111\): idle -> working \(\ufffd\)$/);
});
