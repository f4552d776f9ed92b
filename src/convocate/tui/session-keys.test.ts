import { describe, expect, test } from 'vitest';
import { ALLOWED, type SessionAction, type SessionState, stateOf } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import type { Effect, TuiEvent } from './events.ts';
import { targetOf } from './target.ts';
import type { TuiState } from './state.ts';
import { step } from './step.ts';
import {
  NOW_MS,
  after,
  cameBack,
  change,
  clusterOf,
  effectsOf,
  key,
  press,
  selectedName,
  sessionOf,
  stateWith,
} from './tui-fixture.ts';

const IN_STATE: Record<SessionState, SessionView> = {
  stopped: sessionOf(1, { name: 'payments', running: false }),
  running: sessionOf(1, { name: 'payments' }),
  connected: sessionOf(1, { name: 'payments', attached: 2 }),
  locked: sessionOf(1, { name: 'payments', locked: true }),
  damaged: sessionOf(1, { name: 'payments', damaged: 'its metadata is not JSON' }),
  orphan: sessionOf(1, { name: '', running: false, orphan: true }),
};
const STATES = Object.keys(IN_STATE) as SessionState[];

/** The keys from the list to the effect on the session. */
const KEYS: Record<Exclude<SessionAction, 'send' | 'screen'>, readonly string[]> = {
  attach: ['enter'],
  kill: ['k', 'y'],
  restart: ['r'],
  edit: ['e', 'x', 'enter'],
  clone: ['c', 'enter'],
  delete: ['d', 'y'],
  background: ['b', 'y'],
  override: ['o', 'y'],
};

function effectsOnSession(session: SessionView, action: keyof typeof KEYS): readonly Effect[] {
  let state = stateWith([session]);
  for (const word of KEYS[action]) {
    const effects = effectsOf(state, word);
    if (effects.length > 0) return effects;
    state = press(state, word);
  }
  return [];
}

describe.each(STATES)('a session that is %s', (name) => {
  const session = IN_STATE[name];
  test('is in that state', () => expect(stateOf(session)).toBe(name));

  test.each(Object.keys(KEYS) as (keyof typeof KEYS)[])(
    '%s happens where the table allows it, else nothing',
    (action) => {
      const effects = effectsOnSession(session, action);
      expect(effects.length).toBe(ALLOWED[name][action] ? 1 : 0);
      const [effect] = effects;
      if (!effect) {
        const refused = press(stateWith([session]), ...KEYS[action].slice(0, 1));
        expect(refused.dialog).toBeUndefined();
        expect(refused.notice).toMatchObject({
          kind: 'refused',
          text: expect.stringMatching(`^${action}: .+[;:] .+`),
        });
      } else if (effect.kind === 'call') {
        expect(effect.call).toMatchObject({
          op: action,
          agentId: session.agent_id,
          target: targetOf(session),
        });
      } else {
        expect(effect).toEqual({ kind: 'attach', target: targetOf(session), readOnly: false });
      }
    },
  );

  test('v only watches, and starts nothing', () => {
    const watched = ALLOWED[name].attach && ALLOWED[name].screen;
    const attach = { kind: 'attach', target: targetOf(session), readOnly: true };
    expect(effectsOf(stateWith([session]), 'v')).toEqual(watched ? [attach] : []);
  });
});

describe('what is forbidden is told with the way out', () => {
  test.each([
    ['running', 'r', 'restart: payments is running; (K)ill it first'],
    ['stopped', 'v', 'view: payments is stopped; Enter starts it'],
    [
      'locked',
      'k',
      'kill: payments is locked: a change is under way or was cut off; (O)verride clears a lock left behind',
    ],
    [
      'damaged',
      'enter',
      'attach: payments is damaged: its metadata is not JSON; mend it on host1, or (D)elete it',
    ],
    [
      'orphan',
      'enter',
      'attach: 00000000 is only a home that no metadata belongs to; (C)lone it to use it, or (D)elete it',
    ],
  ] as const)('%s, key %s', (name, word, text) => {
    expect(press(stateWith([IN_STATE[name]]), word).notice?.text).toBe(text);
  });

  test('and so is an empty list', () => {
    expect(press(stateWith([]), 'k').notice?.text).toBe('kill: there is no session here');
  });
});

describe('restart and background ask nothing where nothing is lost', () => {
  test('R says on which image the session comes up', () => {
    const state = press(stateWith([IN_STATE.stopped]), 'R');
    expect(state.notice?.text).toBe('restarting payments on host1; it comes up on convocate:v2');
    expect([...state.underWay.values()]).toEqual(['restarting']);
  });

  test('B asks only when someone is attached', () => {
    expect(effectsOf(stateWith([IN_STATE.running]), 'b')).toMatchObject([{ call: { op: 'background' } }]);
    const asked = press(stateWith([IN_STATE.connected]), 'b');
    expect(asked.dialog).toMatchObject({
      kind: 'confirm',
      op: 'background',
      warnings: ['2 are attached to it'],
    });
  });
});

describe('one operation per session at a time', () => {
  const busy = press(stateWith([IN_STATE.running, sessionOf(2)]), 'k', 'y');

  test.each(['k', 'd', 'e', 'c', 'b', 'o', 'enter'])('while it is being killed, %s waits', (word) => {
    const state = press(busy, word);
    expect(state.dialog).toBeUndefined();
    expect(state.notice?.text).toMatch(/killing payments is under way; wait until it is done$/);
    expect(effectsOf(busy, word)).toEqual([]);
  });

  test('another session is free, and so is looking', () => {
    expect(press(busy, 'down', 'k').dialog?.kind).toBe('confirm');
    expect(press(busy, 'l').dialog?.kind).toBe('log');
  });

  test.each(['running', 'locked'] as const)(
    'a clone, which may take long, keeps nobody out of the session; its agent tells it as %s',
    (name) => {
      const cloning = press(stateWith([IN_STATE.running]), 'c', 'enter', 'escape');
      const told = after(cloning, change(clusterOf([IN_STATE[name]])));
      expect(effectsOf(told, 'enter')).toMatchObject([{ kind: 'attach', readOnly: false }]);
      expect(press(told, 'k').notice?.text).toBe(
        'kill: cloning payments is under way; wait until it is done',
      );
    },
  );
});

test.each(['enter', 'v', 'k', 'd', 'e', 'c', 'o', 'b', 'n'])(
  'while the service is lost, %s says so',
  (word) => {
    const cluster = clusterOf([IN_STATE.running], { connection: 'lost', problem: 'no such socket' });
    const state = after(stateWith([IN_STATE.running]), change(cluster));
    expect(effectsOf(state, word)).toEqual([]);
    expect(press(state, word).notice?.text).toMatch(
      /the connection to the status service is lost \(no such socket\); nothing can be changed until it is back$/,
    );
  },
);

describe('a row that leaves by itself puts the cursor on another', () => {
  const sessions = [1, 2].map((number) =>
    sessionOf(number, { activity: { state: 'waiting', since: '', detail: '' } }),
  );
  const [first, second] = sessions;
  const answered = clusterOf([
    { ...sessionOf(1), last_accessed: first?.last_accessed ?? '' },
    ...(second ? [second] : []),
  ]);
  const slid = (): TuiState => after(press(stateWith(sessions), '!'), change(answered));

  test('and keys that were on their way do nothing to that one', () => {
    const state = slid();
    expect(selectedName(state)).toBe('session2');
    for (const word of ['enter', 'k', 'd', 'r', 'e', 'v']) {
      const pressed = step(state, key(word, NOW_MS + 499));
      expect(pressed.effects).toEqual([]);
      expect(pressed.state.dialog).toBeUndefined();
      expect(pressed.state.notice?.text).toMatch(
        /^\w+: session1 left this list, and session2 on host1 has just come under the cursor$/,
      );
    }
  });

  test('which those that come later mean', () => {
    expect(step(slid(), key('k', NOW_MS + 500)).state.dialog).toMatchObject({ kind: 'confirm', op: 'kill' });
  });

  test('nor where a move was on its way as well, which goes from another row now', () => {
    const moved = press(slid(), 'down');
    expect(step(moved, key('k', NOW_MS + 499)).state.dialog).toBeUndefined();
    expect(step(moved, key('k', NOW_MS + 500)).state.dialog).toMatchObject({ kind: 'confirm' });
  });

  const SIZE = { cols: 80, rows: 24 };
  const TINY = { cols: 30, rows: 8 };
  const later = (event: TuiEvent, atMs: number): TuiEvent => ({ ...event, atMs }) as TuiEvent;
  const tick = (atMs: number): TuiEvent => ({ kind: 'tick', atMs });

  test.each([
    ['a session had the terminal', 'enter', cameBack('left session1', { atMs: NOW_MS + 9_000 })],
    ['a page lay over it', '?', key('escape', NOW_MS + 9_000)],
    ['a question lay over it', 'k', key('n', NOW_MS + 9_000)],
    ['the window was too small', TINY, { kind: 'size', size: SIZE, atMs: NOW_MS + 9_000 }],
  ] as const)('for as long after the list is seen again, where %s', (_, opens, closes) => {
    const hidden = after(
      press(stateWith(sessions), '!'),
      typeof opens === 'string' ? key(opens) : { kind: 'size', size: opens, atMs: NOW_MS },
    );
    const seen = after(hidden, later(change(answered), NOW_MS + 3_000), tick(NOW_MS + 8_000), closes);
    expect(selectedName(seen)).toBe('session2');
    expect(step(seen, key('enter', NOW_MS + 9_499)).effects).toEqual([]);
    expect(step(seen, key('enter', NOW_MS + 9_500)).effects).toMatchObject([{ kind: 'attach' }]);
  });

  test('and for as long after the next row comes into a list that was empty', () => {
    const only = stateWith([...(first ? [first] : []), sessionOf(2)]);
    const empty = after(
      press(only, '!'),
      change(clusterOf([sessionOf(1), sessionOf(2)])),
      tick(NOW_MS + 8_000),
    );
    expect(selectedName(empty)).toBeUndefined();
    const again = clusterOf([sessionOf(1), ...(second ? [second] : [])]);
    const there = after(empty, later(change(again), NOW_MS + 9_000));
    expect(step(there, key('enter', NOW_MS + 9_499)).effects).toEqual([]);
    expect(step(there, key('enter', NOW_MS + 9_500)).effects).toMatchObject([{ kind: 'attach' }]);
  });

  test('and a clock that is set back does not make it last', () => {
    expect(step(slid(), key('k', NOW_MS - 3_600_000)).state.dialog).toMatchObject({ kind: 'confirm' });
  });

  test('but not where the operator had it leave', () => {
    const state = press(stateWith([sessionOf(1), ...(second ? [second] : [])]), '!');
    expect(selectedName(state)).toBe('session2');
    expect(press(state, 'k').dialog).toMatchObject({ op: 'kill' });
  });
});
