import { expect, test } from 'vitest';
import { type AgentState, type Fact, merge, newAgentState } from './cluster-state.ts';
import { agentViewOf } from './cluster-views.ts';

const T0 = '2026-01-01T00:00:00.000Z';
const T1 = '2026-01-01T00:00:01.000Z';
const T2 = '2026-01-01T00:00:02.000Z';

const begins = (stream: string, at: string): Fact => ({ kind: 'stream', stream, at });
const ends = (stream: string, at: string): Fact => ({ kind: 'streamEnded', stream, at });
const started = (stream: string, at: string, seq = 1): Fact => {
  const data = { version: 'v3', image_tag: 'convocate:v3' };
  const event = { agent_id: 'aaaaaaaa', seq, timestamp: T0, type: 'agent.started', data } as const;
  return { kind: 'event', stream, event, at };
};
const snapshot = (stream: string, at: string, version?: string): Fact => {
  const data = { sessions: [], ...(version !== undefined && { version }) };
  const event = { agent_id: 'aaaaaaaa', seq: 1, timestamp: T0, type: 'agent.snapshot', data } as const;
  return { kind: 'event', stream, event, at };
};
const after = (...facts: Fact[]): AgentState =>
  facts.reduce((state, fact) => merge(state, fact).state, newAgentState('aaaaaaaa', 'one', T0));
/** The agent's connection to our 223, as the shell's programs are told of it. */
const linkAfter = (...facts: Fact[]): unknown => agentViewOf(after(...facts)).status_link;

test('it is up from when it comes, and of a version once the program has said so', () => {
  expect(linkAfter(begins('s1', T1))).toEqual({ up: true, since: T1, version: '' });
  expect(linkAfter(begins('s1', T1), started('s1', T2))).toEqual({ up: true, since: T2, version: 'v3' });
});

test('it is of a version as well where the program started under an earlier service, and says so in its snapshot', () => {
  const link = { up: true, since: T1 };
  expect(linkAfter(begins('s1', T1), snapshot('s1', T2, 'v3'))).toEqual({ ...link, version: 'v3' });
  expect(linkAfter(begins('s1', T1), snapshot('s1', T2))).toEqual({ ...link, version: '' });
  const renewed = [begins('s1', T0), started('s1', T0), ends('s1', T0), begins('s2', T1)];
  expect(linkAfter(...renewed, snapshot('s2', T2, 'v4'))).toEqual({ ...link, version: 'v4' });
});

test('it tells a program that was started anew from the one before, by when it said so', () => {
  const again = [begins('s1', T1), started('s1', T1), begins('s2', T2)];
  expect(linkAfter(...again)).toEqual({ up: true, since: T1, version: 'v3' });
  expect(linkAfter(...again, started('s2', T2))).toEqual({ up: true, since: T2, version: 'v3' });
});

test('it is down from when it first ends, and keeps the version', () => {
  const ended = [begins('s1', T0), started('s1', T0), ends('s1', T1)];
  expect(linkAfter(...ended)).toEqual({ up: false, since: T1, version: 'v3' });
  expect(linkAfter(...ended, ends('s1', T2))).toEqual({ up: false, since: T1, version: 'v3' });
  expect(linkAfter(...ended, begins('s2', T2))).toEqual({ up: true, since: T2, version: 'v3' });
});

test('an older stream that ends, or says that its program has started, changes nothing', () => {
  const state = after(begins('s1', T0), started('s1', T0), begins('s2', T1));
  for (const late of [ends('s1', T2), started('s1', T2, 2)])
    expect(merge(state, late)).toEqual({ state, needsList: false });
});

test('it is another thing than our connection to its 222', () => {
  const ping = {
    agent_id: 'aaaaaaaa',
    version: 'v3',
    protocol: 1,
    server_time: T0,
    image_tag: 'convocate:v3',
  };
  expect(linkAfter({ kind: 'connected', ping, at: T2 })).toEqual({ up: false, since: T0, version: '' });
  const cut: Fact = { kind: 'disconnected', problem: 'cut', at: T2 };
  expect(linkAfter(begins('s1', T0), started('s1', T1), cut)).toEqual({ up: true, since: T1, version: 'v3' });
});
