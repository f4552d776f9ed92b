import { describe, expect, test } from 'vitest';
import { rowsOf } from './rows.ts';
import { keyOf } from './state.ts';
import {
  NOW_MS,
  after,
  agentOf,
  change,
  clusterOf,
  effectsOf,
  press,
  selectedName,
  sessionOf,
  stateOfCluster,
  stateWith,
  type,
} from './tui-fixture.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => sessionOf(index + 1));

describe('the cursor', () => {
  test('starts on the session used last', () => {
    expect(selectedName(stateWith(many(3)))).toBe('session1');
  });

  test.each([
    [['down'], 'session2', 0],
    [['down', 'up', 'up'], 'session1', 0],
    [['pageDown'], 'session21', 1],
    [['pageDown', 'pageDown', 'up'], 'session40', 21],
    [['end'], 'session1000', 980],
    [['end', 'pageUp'], 'session980', 979],
    [['end', 'home'], 'session1', 0],
    [['end', 'down'], 'session1000', 980],
  ])('of 1,000 rows, after %j, is on %s', (keys, name, top) => {
    const state = press(stateWith(many(1000)), ...keys);
    expect([selectedName(state), state.list.top]).toEqual([name, top]);
  });

  test.each([0, 1])('with %i rows no key takes it anywhere', (count) => {
    const state = stateWith(many(count));
    for (const move of ['up', 'down', 'pageUp', 'pageDown', 'home', 'end'])
      expect(press(state, move).list).toEqual(state.list);
  });

  test('stays on its session when that moves', () => {
    const state = press(stateWith(many(100)), 'down', 'down');
    const moved = many(100).with(2, sessionOf(3, { last_accessed: '2020-01-01T00:00:00Z' }));
    const now = after(state, change(clusterOf(moved)));
    expect([selectedName(now), now.list.selectedIndex, now.list.top]).toEqual(['session3', 99, 80]);
  });

  test('does not scroll when rows come in above it', () => {
    const state = press(stateWith(many(5)), 'down');
    const now = after(state, change(clusterOf([sessionOf(0), ...many(5)])));
    expect([selectedName(now), now.list.selectedIndex, now.list.top]).toEqual(['session2', 2, 0]);
  });

  test('falls on the row in its place when its session goes', () => {
    const state = press(stateWith(many(4)), 'down');
    const without2 = after(state, change(clusterOf(many(4).toSpliced(1, 1))));
    expect(selectedName(without2)).toBe('session3');
    const onlyFirst = after(press(without2, 'end'), change(clusterOf(many(1))));
    expect(selectedName(onlyFirst)).toBe('session1');
    const none = after(onlyFirst, change(clusterOf([])));
    expect(none.list).toMatchObject({ selected: undefined, top: 0 });
    expect(selectedName(after(none, change(clusterOf(many(2)))))).toBe('session1');
  });

  test('stays in sight when the window shrinks and when agents get into trouble', () => {
    const state = press(stateWith(many(50)), 'pageDown');
    const small = after(state, { kind: 'size', size: { cols: 40, rows: 12 }, atMs: NOW_MS });
    expect([selectedName(small), small.list.top]).toEqual(['session21', 13]);
    const down = clusterOf(many(50), { agents: [agentOf(1, { up: false })] });
    expect(after(small, change(down)).list.top).toBe(14);
  });

  test('stays on its session under every order', () => {
    let state = press(stateWith(many(9)), 'down', 'down');
    for (const sort of ['name', 'agent', 'state', 'age', 'last use']) {
      state = press(state, 't');
      expect([state.list.sort, selectedName(state)]).toEqual([sort, 'session3']);
      expect(state.notice?.text).toBe(`sorted by ${sort}`);
    }
  });
});

describe('filters', () => {
  const sessions = [
    sessionOf(1, { name: 'payments', older_image: true }),
    sessionOf(2, { name: 'billing', agent_id: 'agent002', host: 'host2', locked: true }),
    sessionOf(3, { name: 'pay-later', running: false, exit_code: 1 }),
  ];
  const state = stateOfCluster(clusterOf(sessions, { agents: [agentOf(1), agentOf(2)] }));
  const names = (now: typeof state) => rowsOf(now.cluster, now.list).map(({ name }) => name);

  test('the list follows every letter; Enter keeps, Escape brings back', () => {
    const typed = type(press(state, '/'), 'Pay host1');
    expect(names(typed)).toEqual(['payments', 'pay-later']);
    expect(names(type(typed, 'x'))).toEqual([]);
    expect(names(press(typed, 'escape'))).toEqual(['payments', 'billing', 'pay-later']);
    const kept = press(typed, 'enter');
    expect([kept.dialog, kept.list.filter]).toEqual([undefined, 'Pay host1']);
    const again = press(kept, '/', 'ctrl-u');
    expect(names(again)).toEqual(['payments', 'billing', 'pay-later']);
    expect(press(again, 'escape').list.filter).toBe('Pay host1');
  });

  test('the cursor moves while the filter is typed, and letters are no commands', () => {
    const typed = press(state, '/', 'p', 'a', 'y', 'down');
    expect([selectedName(typed), typed.dialog?.kind]).toEqual(['pay-later', 'filter']);
    expect(effectsOf(state, '/', 'q')).toEqual([]);
    expect(press(state, '/', 'paste:q').list.filter).toBe('q');
  });

  test('a walks the agents, ! and u narrow, and each says what is shown', () => {
    const onHost2 = press(state, 'a', 'A');
    expect(names(onHost2)).toEqual(['billing']);
    expect(onHost2.notice?.text).toBe('only sessions on host2: 1');
    expect(names(press(onHost2, 'a'))).toEqual(['payments', 'billing', 'pay-later']);
    expect(names(press(state, '!'))).toEqual(['billing', 'pay-later']);
    expect(names(press(state, '!', '!'))).toHaveLength(3);
    expect(names(press(state, 'U'))).toEqual(['payments']);
    expect(press(state, 'u').notice?.text).toBe(
      'only sessions on older images: 1; (K)ill, then (R)estart moves one to the current image',
    );
  });

  test('Escape takes back one at a time, and never quits', () => {
    let now = press(state, 'a', '!', 'u', '/', 'p', 'enter');
    const left = () => {
      const { filter, onlyAttention, onlyOlderImage, agent } = now.list;
      return [filter, onlyAttention, onlyOlderImage, agent];
    };
    expect(left()).toEqual(['p', true, true, 'agent001']);
    const seen = [1, 2, 3, 4].map(() => {
      now = press(now, 'escape');
      return left();
    });
    expect(seen).toEqual([
      ['', true, true, 'agent001'],
      ['', false, true, 'agent001'],
      ['', false, false, 'agent001'],
      ['', false, false, undefined],
    ]);
    expect(effectsOf(now, 'escape')).toEqual([]);
    expect(press(now, 'escape').notice?.text).toBe('(Q)uit leaves; sessions go on');
  });

  test('a filter for an agent that was taken away goes with it', () => {
    const filtered = press(state, 'a', 'a');
    const gone = after(filtered, change(clusterOf([sessions[0] ?? sessionOf(1)])));
    expect([gone.list.agent, names(gone)]).toEqual([undefined, ['payments']]);
  });
});

describe('leaving', () => {
  test('Q quits, in either case; Ctrl-C tells so; pasted text is no key', () => {
    const state = stateWith(many(2));
    expect(effectsOf(state, 'q')).toEqual([{ kind: 'quit' }]);
    expect(effectsOf(state, 'Q')).toEqual([{ kind: 'quit' }]);
    expect(effectsOf(state, 'ctrl-c')).toEqual([]);
    expect(press(state, 'ctrl-c').notice?.text).toBe('Q quits');
    expect(press(state, '?', 'ctrl-c').notice?.text).toBe('Esc goes back to the list; Q quits there');
    for (const word of ['paste:k', 'paste:kyq', 'paste:q']) {
      expect(press(state, word).dialog).toBeUndefined();
      expect(effectsOf(state, word)).toEqual([]);
    }
  });
});

test('rows are computed once for a picture and a choice', () => {
  const { cluster, list } = stateWith(many(3));
  expect(rowsOf(cluster, { ...list, top: 1 })).toBe(rowsOf(cluster, list));
  expect(rowsOf(cluster, { ...list, filter: 'session2' }).map(keyOf)).toEqual([keyOf(sessionOf(2))]);
});
