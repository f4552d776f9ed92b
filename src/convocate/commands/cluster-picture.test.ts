import { expect, test } from 'vitest';
import { type ClusterPicture, changed, keyOf, pictureOf } from './cluster-picture.ts';
import { agentView, sessionView } from './scripted-service-fixture.ts';

const one = agentView();
const two = agentView({ agent_id: 'bbbbbbbb', host: 'two' });
const api = sessionView();
const far = sessionView({ agent_id: 'bbbbbbbb', host: 'two' });
const snapshot = { name: 'test', version: 'v1', load: [], agents: [one, two], sessions: [api, far] };
const staleOf = ({ sessions }: ClusterPicture): [string, boolean][] =>
  [...sessions].map(([key, { stale }]) => [key, stale]);

test('one UUID on two agents is two sessions', () => {
  expect([...pictureOf(snapshot).sessions.keys()]).toEqual([keyOf(api), keyOf(far)]);
});

test('a change leaves the picture before it as it was', () => {
  const before = pictureOf(snapshot);
  const after = changed(before, { sessions: [{ ...api, name: 'new' }], gone_sessions: [far] });
  expect([...after.sessions.values()].map(({ name }) => name)).toEqual(['new']);
  expect([...before.sessions.values()]).toEqual([api, far]);
  expect(after.agents.get('aaaaaaaa')).toBe(one);
});

test('an agent that is gone takes its sessions along', () => {
  const after = changed(pictureOf(snapshot), { gone_agents: ['bbbbbbbb'] });
  expect([...after.agents.keys()]).toEqual(['aaaaaaaa']);
  expect([...after.sessions.keys()]).toEqual([keyOf(api)]);
});

test('after a restart of the service, what it does not tell of stays, stale, where the agent is still there', () => {
  const fresh = { ...snapshot, agents: [one], sessions: [] };
  expect(staleOf(pictureOf(fresh, pictureOf(snapshot)))).toEqual([[keyOf(api), true]]);
  expect(staleOf(pictureOf({ ...fresh, sessions: [api] }, pictureOf(snapshot)))).toEqual([
    [keyOf(api), false],
  ]);
});
