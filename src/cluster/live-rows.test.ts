import { expect, test } from 'vitest';
import { SESSION_A as A, SESSION_B as B, agentState, agentView, session } from './cluster-fixture.ts';
import { LiveRows } from './live-rows.ts';

const before = agentState('aaaaaaaa', session(A), session(B));

function rowsOf(state = before): LiveRows {
  const rows = new LiveRows();
  rows.showState(undefined, state);
  return rows;
}

test('what is there is news to whoever knows nothing', () => {
  const { agents, sessions } = rowsOf().since(0);
  expect(agents?.map((view) => view.agent_id)).toEqual(['aaaaaaaa']);
  expect(sessions?.map((view) => view.uuid)).toEqual([A, B]);
});

test('only what changed is told, as it is now, however often it changed', () => {
  const rows = rowsOf();
  const { revision } = rows;
  const once = agentState('aaaaaaaa', session(A, { running: true }), session(B));
  const twice = agentState('aaaaaaaa', session(A, { running: true, attached: 1 }), session(B));
  rows.showState(before, once);
  rows.showState(once, twice);
  expect(rows.since(revision)).toEqual({
    sessions: [expect.objectContaining({ uuid: A, running: true, attached: 1 })],
  });
  expect(rows.since(rows.revision)).toEqual({});
});

test('a list that says what was known is no change', () => {
  const rows = rowsOf();
  const { revision } = rows;
  rows.showState(before, agentState('aaaaaaaa', session(A), session(B)));
  expect(rows.revision).toBe(revision);
});

test('an agent that goes down makes each of its sessions stale', () => {
  const rows = rowsOf();
  const { revision } = rows;
  rows.showState(before, { ...before, up: false, problem: 'cut' });
  const { agents, sessions } = rows.since(revision);
  expect(agents).toMatchObject([{ up: false, problem: 'cut' }]);
  expect(sessions?.map(({ uuid, stale }) => [uuid, stale])).toEqual([
    [A, true],
    [B, true],
  ]);
});

test('what went is told as gone, and as there again when it comes back', () => {
  const rows = rowsOf();
  const { revision } = rows;
  const without = agentState('aaaaaaaa', session(A));
  rows.showState(before, without);
  expect(rows.since(revision)).toEqual({ gone_sessions: [{ agent_id: 'aaaaaaaa', uuid: B }] });
  rows.showState(without, before);
  expect(rows.since(revision)).toEqual({ sessions: [expect.objectContaining({ uuid: B })] });
});

test('an agent that is registered no more takes its sessions along', () => {
  const rows = rowsOf();
  rows.showState(undefined, agentState('bbbbbbbb', session(A)));
  const { revision } = rows;
  rows.showAgents([agentView('bbbbbbbb')]);
  expect(rows.since(revision)).toMatchObject({
    gone_agents: ['aaaaaaaa'],
    gone_sessions: [
      { agent_id: 'aaaaaaaa', uuid: A },
      { agent_id: 'aaaaaaaa', uuid: B },
    ],
  });
});

test('what went is forgotten once nobody is behind it, and not before', () => {
  const rows = rowsOf();
  const { revision } = rows;
  rows.showState(before, agentState('aaaaaaaa', session(A)));
  rows.forgetGone(revision);
  expect(rows.since(revision)).toHaveProperty('gone_sessions');
  rows.forgetGone(rows.revision);
  expect(rows.since(revision)).toEqual({});
});
