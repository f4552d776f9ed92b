import { describe, expect, test } from 'vitest';
import type { SessionView } from '../../protocol/shell-socket.ts';
import type { Call, TuiEvent } from './events.ts';
import { type TuiState, keyOf } from './state.ts';
import { step } from './step.ts';
import {
  NOW_MS,
  after,
  agentOf,
  cameBack,
  change,
  clusterOf,
  press,
  sessionOf,
  snapshot,
  stateWith,
} from './tui-fixture.ts';

const running = sessionOf(1, { name: 'payments' });
const state = stateWith([running]);
/** Before there was any picture. */
const unseen: TuiState = { ...state, cluster: { ...state.cluster, connection: 'connecting' } };
const waiting = {
  state: 'waiting',
  since: '2026-03-01T11:59:00Z',
  detail: 'permission to use Bash',
} as const;
const working = { ...waiting, state: 'working' } as const;
const texts = (now: TuiState) => now.messages.map(({ text }) => text);
const notices = (from: TuiState, event: TuiEvent) =>
  step(from, event).effects.flatMap((effect) => (effect.kind === 'notify' ? [effect.text] : []));

describe('a session that starts to wait', () => {
  const words = 'payments on host1 waits for someone: permission to use Bash';

  test.each([
    ['never known', undefined, true],
    ['working', working, true],
    ['waiting already', waiting, false],
  ])('having been %s', (_, activity, told) => {
    const before = stateWith([sessionOf(1, { name: 'payments', ...(activity && { activity }) })]);
    const event = change(clusterOf([{ ...running, activity: waiting }]));
    expect(notices(before, event)).toEqual(told ? [words] : []);
    expect(texts(after(before, event))).toEqual(told ? [words] : []);
  });

  test('is no news in the first picture of all, nor when it does not run', () => {
    expect(notices(unseen, snapshot(clusterOf([{ ...running, activity: waiting }])))).toEqual([]);
    const stopped = { ...running, running: false, activity: waiting };
    expect(notices(stateWith([{ ...running, running: false }]), change(clusterOf([stopped])))).toEqual([]);
  });

  test('while the service was lost is told when it is back', () => {
    const lost = after(state, change({ ...state.cluster, connection: 'lost' }));
    const back = snapshot(clusterOf([{ ...running, activity: waiting }]));
    expect(notices(lost, back)).toEqual([words]);
    expect(texts(after(lost, back))).toContain(words);
  });

  describe('while another one has the terminal', () => {
    const leftSearch = (...missed: SessionView[]): TuiEvent =>
      cameBack('left search', { missed: missed.map(keyOf) });

    test('is told on the way back', () => {
      const now = after(state, change(clusterOf([{ ...running, activity: waiting }])));
      expect(after(now, leftSearch(running)).notice?.text).toBe(`left search. Meanwhile: ${words}`);
      expect(notices(now, leftSearch(running))).toEqual([words]);
    });

    test.each([
      ['works again', [{ ...running, activity: working }]],
      ['has ended', [{ ...running, running: false, activity: waiting }]],
      ['is gone', []],
    ])('is not, where it %s', (_, sessions) => {
      const now = after(state, change(clusterOf(sessions)));
      expect(after(now, leftSearch(running)).notice?.text).toBe('left search');
      expect(notices(now, leftSearch(running))).toEqual([]);
    });

    test('is one of three that are named, however many there are', () => {
      const many = Array.from({ length: 500 }, (_, index) => sessionOf(index + 1, { activity: waiting }));
      const now = after(state, change(clusterOf(many)));
      expect(after(now, leftSearch(...many)).notice?.text).toBe(
        `left search. Meanwhile: ${['session1', 'session2', 'session3']
          .map((name) => `${name} on host1 waits for someone: permission to use Bash; `)
          .join('')}and 497 more`,
      );
      expect(notices(now, leftSearch(...many))).toEqual([
        '500 sessions wait for someone: session1 on host1, session2 on host1, session3 on host1, and 497 more',
      ]);
    });
  });

  test('rings once however many there are', () => {
    const two = clusterOf([{ ...running, activity: waiting }, sessionOf(2, { activity: waiting })]);
    expect(notices(state, change(two))).toEqual([
      '2 sessions wait for someone: payments on host1, session2 on host1',
    ]);
    const now = after(state, change(two));
    expect(now.notice?.text).toMatch(/^session2 on host1 waits .* \(and 1 more: \(M\)essages\)$/);
    expect(now.messages).toHaveLength(2);
  });
});

describe('a session that ends', () => {
  const ended = (how: Partial<SessionView>) => change(clusterOf([{ ...running, running: false, ...how }]));
  const kill: Call = {
    agentId: 'agent001',
    host: 'host1',
    op: 'kill',
    params: { id: running.uuid },
    target: { agentId: 'agent001', host: 'host1', uuid: running.uuid, name: 'payments' },
  };
  const done: TuiEvent = { kind: 'answer', call: kill, outcome: 'done', result: null, atMs: NOW_MS };

  test.each([
    [{ exit_code: 0 }, 'exit code 0'],
    [{ exit_code: 137, oom_killed: true }, 'exit code 137, out of memory'],
    [{}, 'nobody knows its exit code'],
  ])('by itself, with %j', (how, cause) => {
    expect(texts(after(state, ended(how)))).toEqual([`payments on host1 ended: ${cause}`]);
  });

  test('by the kill of somebody else, is news that says so', () => {
    const how = { exit_code: 143, asked_to_stop: true };
    expect(texts(after(state, ended(how)))).toEqual(['payments on host1 was stopped']);
  });

  test('by our kill is no news, whether the answer or the picture is first', () => {
    const killing = press(state, 'k', 'y');
    const words = ['killed payments on host1; (R)estart brings it up'];
    expect(texts(after(killing, ended({ exit_code: 143 }), done))).toEqual(words);
    const shown = after(killing, done, ended({ exit_code: 143 }));
    expect([texts(shown), shown.killed.size]).toEqual([words, 0]);
  });

  test('long after a kill that did not show is news again', () => {
    const killed = after(press(state, 'k', 'y'), done);
    const later = after(killed, {
      kind: 'cluster',
      cluster: clusterOf([running]),
      first: false,
      atMs: NOW_MS + 15_000,
    });
    expect(texts(after(later, ended({ exit_code: 1 })))).toHaveLength(2);
  });

  test('is told of nothing in the first picture of all', () => {
    expect(texts(after(unseen, snapshot(clusterOf([{ ...running, running: false }]))))).toEqual([]);
  });
});

describe('agents and the service', () => {
  test('an agent that goes down, and comes back', () => {
    const down = after(
      state,
      change(clusterOf([running], { agents: [agentOf(1, { up: false, problem: 'timed out' })] })),
    );
    const back = after(down, change(clusterOf([running])));
    expect(texts(back)).toEqual(['host1 is down: timed out', 'host1 is back']);
  });

  test('an agent that loses its Docker, and has it again', () => {
    const docker = (answers: boolean) =>
      change(clusterOf([running], { agents: [agentOf(1, { docker: { answers, since: '' } })] }));
    expect(texts(after(state, docker(true)))).toEqual([]);
    expect(texts(after(state, docker(true), docker(false), docker(true)))).toEqual([
      'Docker on host1 does not answer',
      'Docker on host1 answers again',
    ]);
  });

  test('a lost service, and its return with a whole picture', () => {
    const lost = after(state, change({ ...state.cluster, connection: 'lost', problem: 'no such socket' }));
    expect(lost.list).toEqual(state.list);
    const back = after(lost, snapshot(clusterOf([running])));
    expect(texts(back)).toEqual([
      'the connection to the status service is lost: no such socket; sessions go on',
      'the status service is back',
    ]);
  });
});

describe('notices', () => {
  const told = after(state, change(clusterOf([running], { agents: [agentOf(1, { up: false })] })));
  const tick = (ms: number): TuiEvent => ({ kind: 'tick', atMs: NOW_MS + ms });

  test('vanish after 8 s, or with the next key; messages stay', () => {
    expect(after(told, tick(7_999)).notice).toBeDefined();
    expect(after(told, tick(8_000)).notice).toBeUndefined();
    expect(press(told, 'down')).toMatchObject({ notice: undefined, messages: [{ text: 'host1 is down' }] });
  });

  test('the newest 200 messages are kept', () => {
    const now = after(state, ...Array.from({ length: 205 }, (_, index) => cameBack(`message ${index}`)));
    expect([texts(now).length, texts(now)[0], now.notice?.text]).toEqual([200, 'message 5', 'message 204']);
  });
});
