import { expect, test } from 'vitest';
import type { ClusterSnapshot } from '../protocol/shell-socket.ts';
import { SESSION_A as A, SESSION_B as B, agentView, sessionView } from './cluster-fixture.ts';
import { type ClusterPicture, pictureOf, withChange } from './cluster-picture.ts';

function snapshot(fields: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    name: 'lab',
    version: 'v2',
    load: [1],
    agents: [agentView('aaaaaaaa'), agentView('bbbbbbbb')],
    sessions: [sessionView(A), sessionView(A, { agent_id: 'bbbbbbbb' }), sessionView(B)],
    ...fields,
  };
}

const first = pictureOf(snapshot());
const keyA = `aaaaaaaa/${A}`;
const keyB = `aaaaaaaa/${B}`;
const twin = `bbbbbbbb/${A}`;
const staleIn = (picture: ClusterPicture): unknown =>
  [...picture.sessions].map(([key, { stale }]) => [key, stale]);

test('rows are known by agent and UUID', () => {
  expect([...first.agents.keys()]).toEqual(['aaaaaaaa', 'bbbbbbbb']);
  expect([...first.sessions.keys()]).toEqual([keyA, twin, keyB]);
});

test('a change replaces what it names, and leaves every other row the very same', () => {
  const next = withChange(first, { sessions: [sessionView(B, { running: true })] });
  expect(next.sessions.get(keyB)).toMatchObject({ running: true });
  expect(next.sessions.get(keyA)).toBe(first.sessions.get(keyA));
  expect(next.agents).toBe(first.agents);
  expect(first.sessions.get(keyB)).toMatchObject({ running: false });
});

test('a row that is told again as it was stays the very same, and so does the map', () => {
  const next = withChange(first, { load: [2], sessions: [sessionView(A)], agents: [agentView('aaaaaaaa')] });
  expect(next.load).toEqual([2]);
  expect(next.sessions).toBe(first.sessions);
  expect(next.agents).toBe(first.agents);
});

test('what is gone goes; what is new comes', () => {
  const next = withChange(first, {
    gone_agents: ['bbbbbbbb'],
    gone_sessions: [{ agent_id: 'bbbbbbbb', uuid: A }],
    agents: [agentView('cccccccc')],
  });
  expect([...next.agents.keys()]).toEqual(['aaaaaaaa', 'cccccccc']);
  expect([...next.sessions.keys()]).toEqual([keyA, keyB]);
});

test('a fresh snapshot says what there is, and unchanged rows stay the very same', () => {
  const next = pictureOf(snapshot({ sessions: [sessionView(A)] }), first);
  expect([...next.sessions]).toEqual([[keyA, first.sessions.get(keyA)]]);
  expect(next.sessions.get(keyA)).toBe(first.sessions.get(keyA));
});

test('a service that has just started has not lost the sessions of agents it has not reached', () => {
  const unheardOf = agentView('aaaaaaaa', { up: false, version: '', problem: 'not connected yet' });
  const restarted = pictureOf(snapshot({ agents: [unheardOf], sessions: [] }), first);
  expect(staleIn(restarted)).toEqual([
    [keyA, true],
    [keyB, true],
  ]);
  const again = pictureOf(snapshot({ agents: [unheardOf], sessions: [] }), restarted);
  expect(again.sessions.get(keyA)).toBe(restarted.sessions.get(keyA));
  const told = withChange(again, { sessions: [sessionView(A)] });
  expect(staleIn(told)).toEqual([
    [keyA, false],
    [keyB, true],
  ]);
  const reached = withChange(told, { agents: [agentView('aaaaaaaa')] });
  expect(staleIn(reached)).toEqual([[keyA, false]]);
  expect(reached.kept.size).toBe(0);
});

test('what was kept goes with its agent', () => {
  const unheardOf = agentView('aaaaaaaa', { up: false, version: '' });
  const restarted = pictureOf(snapshot({ agents: [unheardOf], sessions: [] }), first);
  expect(withChange(restarted, { gone_agents: ['aaaaaaaa'] }).sessions.size).toBe(0);
});
