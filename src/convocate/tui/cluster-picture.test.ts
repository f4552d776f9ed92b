import { expect, test } from 'vitest';
import { changed, pictureOf } from './cluster-picture.ts';
import { keyOf } from './state.ts';
import { NOW_MS, agentAt, sessionAt } from './view/cluster-fixture.ts';

const [one, two, three] = [sessionAt(1), sessionAt(2), sessionAt(3)];
const picture = pictureOf(
  { name: 'lab', version: 'v1', load: [1], agents: [agentAt(1), agentAt(0)], sessions: [one, two] },
  NOW_MS,
);

test('a snapshot is a live picture, its agents by host', () => {
  expect(picture.connection).toBe('live');
  expect(picture.agents.map(({ agent_id }) => agent_id)).toEqual(['agent00a', 'agent00b']);
  expect(picture.sessions.get(keyOf(one))).toBe(one);
});

test('a change replaces what is in it and leaves all else the same object', () => {
  const after = changed(picture, { sessions: [{ ...two, attached: 1 }, three] });
  expect(after.sessions.get(keyOf(one))).toBe(one);
  expect(after.sessions.get(keyOf(two))?.attached).toBe(1);
  expect(after.sessions.size).toBe(3);
  expect(after.agents).toBe(picture.agents);
});

test('a beat without news keeps agents and sessions', () => {
  const after = changed(picture, { load: [2] });
  expect(after.load).toEqual([2]);
  expect(after.sessions).toBe(picture.sessions);
  expect(after.agents).toBe(picture.agents);
});

test('what is gone is gone', () => {
  const after = changed(picture, {
    gone_agents: ['agent00b'],
    gone_sessions: [{ agent_id: two.agent_id, uuid: two.uuid }],
  });
  expect(after.agents.map(({ agent_id }) => agent_id)).toEqual(['agent00a']);
  expect([...after.sessions.values()]).toEqual([one]);
});
