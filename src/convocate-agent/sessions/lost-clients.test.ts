import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type AgentFixture, containerOf, makeAgentFixture, sessionThatIs } from './agent-fixture.ts';
import { lookAtContainer } from './watch-containers.ts';
import { SESSION_SCRIPT } from './session-scripts.ts';

let fixture: AgentFixture;
let id: string;
beforeEach(async () => {
  fixture = makeAgentFixture();
  id = await sessionThatIs(fixture, 'running');
});
afterEach(() => {
  vi.restoreAllMocks();
  fixture[Symbol.dispose]();
});

const sweep = async (): Promise<string[]> => {
  fixture.docker.calls.length = 0;
  await fixture.agent.lost.sweep(fixture.agent);
  return [...fixture.docker.calls];
};
const pass = (ms: number): void => {
  const later = performance.now() + ms;
  vi.spyOn(performance, 'now').mockReturnValue(later);
};
const detach = (clientId: string): string =>
  `exec ${containerOf(id)} ${SESSION_SCRIPT.detachClient} ${clientId}`;

test('clients of earlier runs are ended at once, and when none can come late any more; ids tell those of this run from them', async () => {
  const { lost } = fixture.agent;
  const run = lost.newClientId().split('-')[0] ?? '';
  expect(lost.newClientId()).toMatch(new RegExp(`^${run}-[0-9a-f-]{36}$`));
  expect(fixture.reborn().lost.newClientId()).not.toMatch(new RegExp(`^${run}`));
  lost.noteEarlier(id);
  const [call, ...others] = await sweep();
  expect(call).toMatch(new RegExp(` sh ${run}$`));
  expect(others).toEqual([]);
  pass(59_000);
  expect(await sweep()).toEqual([]);
  pass(2_000);
  expect(await sweep()).toEqual([call]);
  expect(await sweep()).toEqual([]);
});

test('one that Docker could not be asked to end is ended once it can be', async () => {
  fixture.docker.script(SESSION_SCRIPT.detachClient, { exitCode: 0, output: '' });
  fixture.agent.lost.note(id, 'a-1');
  fixture.docker.failNext('exec', 'gave no answer');
  expect(await sweep()).toEqual([detach('a-1')]);
  expect(await sweep()).toEqual([detach('a-1')]);
  expect(await sweep()).toEqual([detach('a-1')]); // it was asked to go, and not seen gone
});

test('however long Docker was silent, one is looked for until Docker cannot start it late any more', async () => {
  fixture.docker.script(SESSION_SCRIPT.detachClient, { exitCode: 1, output: '' });
  fixture.agent.lost.note(id, 'a-1');
  fixture.docker.failNext('exec', 'gave no answer');
  expect(await sweep()).toEqual([detach('a-1')]);
  pass(3_600_000);
  expect(await sweep()).toEqual([detach('a-1')]);
  pass(59_000);
  expect(await sweep()).toEqual([detach('a-1')]);
  pass(2_000);
  expect(await sweep()).toEqual([detach('a-1')]);
  expect(await sweep()).toEqual([]);
});

test('one that does not go is given up in the end, and one goes with its container', async () => {
  fixture.docker.script(SESSION_SCRIPT.detachClient, { exitCode: 0, output: '' });
  fixture.agent.lost.note(id, 'a-1');
  expect(await sweep()).toEqual([detach('a-1')]);
  pass(61_000);
  expect(await sweep()).toEqual([detach('a-1')]);
  pass(600_000);
  expect(await sweep()).toEqual([detach('a-1')]);
  expect(await sweep()).toEqual([]);
  fixture.agent.lost.note(id, 'a-2');
  fixture.docker.end(containerOf(id), 0);
  await lookAtContainer(fixture.agent, id);
  expect(await sweep()).toEqual([]);
});
