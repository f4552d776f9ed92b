import { describe, expect, test } from 'vitest';
import type { Session } from '../protocol/session.ts';
import type { AgentView } from '../protocol/shell-socket.ts';
import type { StatusEvent } from '../protocol/status-events.ts';
import { SESSION_A, SESSION_B, session } from './cluster-fixture.ts';
import { type AgentState, type Fact, merge, newAgentState } from './cluster-state.ts';
import { agentViewOf, sessionViewsOf, touchedSessions } from './cluster-views.ts';

const T0 = '2026-01-01T00:00:00.000Z';
const T1 = '2026-01-01T00:00:01.000Z';
const T2 = '2026-01-01T00:00:02.000Z';

const ping = { agent_id: 'aaaaaaaa', version: 'v2', protocol: 1, server_time: T0, image_tag: 'convocate:v2' };
const start = (): AgentState => newAgentState('aaaaaaaa', 'one', T0);
const stream: Fact = { kind: 'stream', stream: 's1', at: T1 };

/** Applies facts one after another; gives the state and whether the last one asked for a list. */
function after(facts: readonly Fact[], from = start()): { state: AgentState; needsList: boolean } {
  let merged = { state: from, needsList: false };
  for (const fact of facts) merged = merge(merged.state, fact);
  return merged;
}

function event(seq: number, body: object, streamId = 's1', agentId = 'aaaaaaaa'): Fact {
  const envelope = { agent_id: agentId, seq, timestamp: T1 };
  return { kind: 'event', stream: streamId, event: { ...envelope, ...body } as StatusEvent, at: T1 };
}

const snapshot = (seq: number, ...sessions: Session[]): Fact =>
  event(seq, { type: 'agent.snapshot', data: { sessions } });
const changed = (seq: number, data: Session, type = 'container.started'): Fact =>
  event(seq, { type, session_id: data.uuid, data });
const deleted = (seq: number, uuid: string): Fact =>
  event(seq, { type: 'container.deleted', session_id: uuid, data: session(uuid) });
const ids = (state: AgentState): string[] => [...state.sessions.keys()];

/** What is shown of an agent that answers, and whose use nobody knows since its link on 223 is down. */
const upWithLinkDownSince = (since: string): AgentView => ({
  agent_id: 'aaaaaaaa',
  host: 'one',
  up: true,
  since: T1,
  version: 'v2',
  image_tag: 'convocate:v2',
  load: [],
  status_link: { up: false, since, version: '' },
});

describe('the connection', () => {
  test('tells up and down, since when, and why', () => {
    const up = after([{ kind: 'connected', ping, at: T1 }]).state;
    expect(agentViewOf(up)).toEqual(upWithLinkDownSince(T0));
    expect(merge(up, { kind: 'connected', ping, at: T2 }).state.since).toBe(T1);
    const down = merge(up, { kind: 'disconnected', problem: 'cut', at: T2 }).state;
    expect(down).toMatchObject({ up: false, since: T2, problem: 'cut' });
    expect(merge(down, { kind: 'disconnected', problem: 'refused', at: '2026-02-01' }).state).toMatchObject({
      since: T2,
      problem: 'refused',
    });
  });

  test('lost, it keeps the sessions and marks them stale', () => {
    const { state } = after([
      { kind: 'connected', ping, at: T1 },
      { kind: 'listed', sessions: [session(SESSION_A, { image: 'convocate:v1' })], askedAt: 0 },
      { kind: 'disconnected', problem: 'cut', at: T2 },
    ]);
    expect(sessionViewsOf(state)).toEqual([
      { ...session(SESSION_A, { image: 'convocate:v1' }), host: 'one', stale: true, older_image: true },
    ]);
  });
});

describe('Docker', () => {
  const says = (docker: boolean | undefined, at: string): Fact => ({
    kind: 'connected',
    ping: { ...ping, ...(docker !== undefined && { docker }) },
    at,
  });
  const listed: Fact = { kind: 'listed', sessions: [session(SESSION_A)], askedAt: 0 };
  const seen = (...facts: Fact[]): unknown => {
    const { state } = after([says(true, T0), listed, ...facts]);
    return { docker: agentViewOf(state).docker, stale: sessionViewsOf(state)[0]?.stale };
  };

  test('that answers no more makes the rows stale, and is told with since when', () => {
    expect(seen()).toEqual({ docker: { answers: true, since: T0 }, stale: false });
    const gone = { docker: { answers: false, since: T1 }, stale: true };
    expect(seen(says(false, T1))).toEqual(gone);
    expect(seen(says(false, T1), says(false, T2))).toEqual(gone);
    expect(seen(says(false, T1), says(true, T2))).toEqual({
      docker: { answers: true, since: T2 },
      stale: false,
    });
  });

  test('of which an older agent says nothing is not in trouble', () => {
    expect(seen(says(undefined, T1))).toEqual({ docker: undefined, stale: false });
  });

  test('makes every row another one', () => {
    const { state } = after([says(true, T0), listed]);
    expect(touchedSessions(state, merge(state, says(false, T1)).state)).toEqual([SESSION_A]);
  });
});

describe('older_image', () => {
  test.each([
    ['convocate:v1', 'convocate:v2', true],
    ['convocate:v2', 'convocate:v2', false],
    ['', 'convocate:v2', false],
    ['convocate:v1', '', false],
  ])('of %j on an agent with %j is %s', (image, imageTag, older) => {
    const state = { ...start(), imageTag, sessions: new Map([[SESSION_A, session(SESSION_A, { image })]]) };
    expect(sessionViewsOf(state)[0]?.older_image).toBe(older);
  });
});

describe('events', () => {
  test('in order change the state and ask for nothing', () => {
    const { state, needsList } = after([
      stream,
      snapshot(1, session(SESSION_A)),
      changed(2, session(SESSION_A, { running: true })),
      changed(3, session(SESSION_B), 'container.created'),
      event(4, { type: 'agent.heartbeat', data: { load: [0.5], slice: {} } }),
      event(5, { type: 'agent.started', data: { version: 'v3', image_tag: 'convocate:v3' } }),
      deleted(6, SESSION_B),
    ]);
    expect(needsList).toBe(false);
    expect(ids(state)).toEqual([SESSION_A]);
    expect(state.sessions.get(SESSION_A)?.running).toBe(true);
    expect(state).toMatchObject({ load: [0.5], version: 'v3', imageTag: 'convocate:v3', seq: 6 });
  });

  test.each([
    ['a gap', [stream, snapshot(1), changed(3, session(SESSION_A))]],
    ['a number that came before', [stream, snapshot(1), changed(1, session(SESSION_A))]],
    ['a first event that is not the first', [stream, changed(2, session(SESSION_A))]],
    [
      'a gap before a heartbeat',
      [stream, snapshot(1), event(3, { type: 'agent.heartbeat', data: { load: [] } })],
    ],
    ['a gap before a deletion', [stream, snapshot(1), deleted(3, SESSION_B)]],
  ])('%s asks for a list', (_, facts) => {
    expect(after(facts).needsList).toBe(true);
  });

  test('a snapshot makes good for any gap', () => {
    const { state, needsList } = after([
      stream,
      snapshot(1, session(SESSION_A)),
      snapshot(7, session(SESSION_B)),
    ]);
    expect(needsList).toBe(false);
    expect(ids(state)).toEqual([SESSION_B]);
    expect(after([changed(8, session(SESSION_A))], state).needsList).toBe(false);
  });

  test('each connection counts from 1', () => {
    const { state } = after([stream, snapshot(1), changed(2, session(SESSION_A))]);
    const again = after(
      [
        { kind: 'stream', stream: 's2', at: T2 },
        event(1, { type: 'agent.snapshot', data: { sessions: [] } }, 's2'),
      ],
      state,
    );
    expect(again).toMatchObject({ needsList: false, state: { seq: 1 } });
  });

  test('of an older connection change nothing', () => {
    const { state } = after([
      stream,
      snapshot(1, session(SESSION_A)),
      { kind: 'stream', stream: 's2', at: T2 },
    ]);
    expect(merge(state, deleted(2, SESSION_A))).toEqual({ state, needsList: false });
  });

  test('of another agent change nothing', () => {
    const { state } = after([stream, snapshot(1, session(SESSION_A))]);
    const alien = event(
      2,
      { type: 'container.deleted', session_id: SESSION_A, data: session(SESSION_A) },
      's1',
      'bbbbbbbb',
    );
    expect(merge(state, alien)).toEqual({ state, needsList: false });
  });

  test('that carry a session of another agent, or another id, are not taken', () => {
    const foreign = session(SESSION_B, { agent_id: 'bbbbbbbb' });
    expect(ids(after([stream, snapshot(1, session(SESSION_A), foreign)]).state)).toEqual([SESSION_A]);
    const { state, needsList } = after([stream, snapshot(1), changed(2, foreign)]);
    expect({ ids: ids(state), needsList }).toEqual({ ids: [], needsList: true });
    const mixed = event(2, { type: 'container.started', session_id: SESSION_A, data: session(SESSION_B) });
    expect(after([stream, snapshot(1), mixed]).needsList).toBe(true);
  });
});

describe('a list', () => {
  test('replaces everything', () => {
    const { state } = after([
      { kind: 'listed', sessions: [session(SESSION_A)], askedAt: 0 },
      { kind: 'listed', sessions: [session(SESSION_B)], askedAt: 0 },
    ]);
    expect(ids(state)).toEqual([SESSION_B]);
  });

  test('does not undo events that overtook it', () => {
    const before = after([stream, snapshot(1, session(SESSION_A), session(SESSION_B))]).state;
    const askedAt = before.revision;
    const meanwhile = after(
      [changed(2, session(SESSION_A, { running: true })), deleted(3, SESSION_B)],
      before,
    ).state;
    const { state } = merge(meanwhile, {
      kind: 'listed',
      sessions: [session(SESSION_A), session(SESSION_B)],
      askedAt,
    });
    expect(ids(state)).toEqual([SESSION_A]);
    expect(state.sessions.get(SESSION_A)?.running).toBe(true);
  });

  test('is believed over events from before it was asked for', () => {
    const before = after([
      stream,
      snapshot(1, session(SESSION_A)),
      changed(2, session(SESSION_A, { running: true })),
    ]).state;
    const { state } = merge(before, {
      kind: 'listed',
      sessions: [session(SESSION_A)],
      askedAt: before.revision,
    });
    expect(state.sessions.get(SESSION_A)?.running).toBe(false);
  });

  test('is overtaken by a whole snapshot as well', () => {
    const before = after([stream, snapshot(1, session(SESSION_A))]).state;
    const meanwhile = after([snapshot(2, session(SESSION_B))], before).state;
    const { state } = merge(meanwhile, {
      kind: 'listed',
      sessions: [session(SESSION_A)],
      askedAt: before.revision,
    });
    expect(ids(state)).toEqual([SESSION_B]);
  });
});

describe('what a heartbeat and an end tell', () => {
  const slice = { memory_bytes: 5, memory_max_bytes: 9, cpu_usage_ns: 7, tasks: 3 };
  const host = { cpus: 8, memory_bytes: 100, memory_available_bytes: 60 };
  const beat = (seq: number, data: object): Fact =>
    event(seq, { type: 'agent.heartbeat', data: { load: [1], slice, ...data } });
  const used = (id: string): object => ({ id, memory_bytes: 42, cpu_percent: 3.5 });
  const running = session(SESSION_A, { running: true });

  test('the host has and uses so much, and so does each running session', () => {
    const { state } = after([
      stream,
      snapshot(1, running, session(SESSION_B)),
      beat(2, { host, sessions: [used(SESSION_A), used(SESSION_B)] }),
    ]);
    expect(agentViewOf(state)).toMatchObject({ load: [1], slice, capacity: host });
    expect(sessionViewsOf(state).map(({ memory_bytes, cpu_percent }) => [memory_bytes, cpu_percent])).toEqual(
      [
        [42, 3.5],
        [undefined, undefined],
      ],
    );
  });

  test('a beat that does not say it leaves it unknown', () => {
    const { state } = after([
      stream,
      snapshot(1, running),
      beat(2, { host, sessions: [used(SESSION_A)] }),
      beat(3, {}),
    ]);
    expect(agentViewOf(state)).not.toHaveProperty('capacity');
    expect(sessionViewsOf(state)[0]).not.toHaveProperty('memory_bytes');
  });

  test('without events it is not known any more', () => {
    const { state } = after([
      { kind: 'connected', ping, at: T1 },
      stream,
      snapshot(1, running),
      beat(2, { host, sessions: [used(SESSION_A)] }),
      { kind: 'streamEnded', stream: 's1', at: T2 },
    ]);
    expect(agentViewOf(state)).toEqual(upWithLinkDownSince(T2));
    expect(sessionViewsOf(state)[0]).not.toHaveProperty('memory_bytes');
    expect(sessionViewsOf(state)[0]).not.toHaveProperty('cpu_percent');
  });

  test('a session that exits by itself shows how, and uses nothing when it runs again', () => {
    const dead = session(SESSION_A, { exit_code: 137, oom_killed: true });
    const facts = [
      stream,
      snapshot(1, running),
      beat(2, { sessions: [used(SESSION_A)] }),
      changed(3, dead, 'container.died'),
    ];
    expect(sessionViewsOf(after(facts).state)).toEqual([
      { ...dead, host: 'one', stale: true, older_image: false },
    ]);
    const again = after([...facts, changed(4, running)]).state;
    expect(sessionViewsOf(again)[0]).not.toHaveProperty('memory_bytes');
  });

  test('what its program does comes as it is told', () => {
    const activity = { state: 'waiting', since: T1, detail: 'permission to use Bash' } as const;
    const { state } = after([
      stream,
      snapshot(1, running),
      changed(2, { ...running, activity }, 'container.activity'),
    ]);
    expect(sessionViewsOf(state)[0]?.activity).toEqual(activity);
  });
});
