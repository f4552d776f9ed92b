import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { RPC } from '../../protocol/rpc.ts';
import { ALLOWED, type SessionAction, stateOf } from '../../protocol/session-actions.ts';
import type { SessionView } from '../../protocol/shell-socket.ts';
import type { Call, Effect, TuiEvent } from './events.ts';
import { listRows } from './layout.ts';
import { rowsOf } from './rows.ts';
import { type TuiState, initialState, keyOf } from './state.ts';
import { step } from './step.ts';
import type { Target } from './target.ts';
import { NOW_MS, agentOf, ago, clusterOf, key, sessionOf } from './tui-fixture.ts';

/** What happens in a run; an answer is to one of the calls that are open then. */
type Happening = TuiEvent | { readonly kind: 'reply'; readonly which: number; readonly outcome: Outcome };
type Outcome = Extract<TuiEvent, { kind: 'answer' }>['outcome'];

const session: fc.Arbitrary<SessionView> = fc
  .record({
    number: fc.integer({ min: 1, max: 6 }),
    running: fc.boolean(),
    attached: fc.nat(2),
    locked: fc.boolean(),
    damaged: fc.constantFrom(undefined, undefined, undefined, 'its metadata is not JSON'),
    orphan: fc.constantFrom(false, false, false, true),
    activity: fc.constantFrom(undefined, 'working', 'waiting', 'idle'),
    older_image: fc.boolean(),
    used: fc.nat(1000),
    stale: fc.boolean(),
  })
  .map(({ number, activity, damaged, used, ...rest }) =>
    sessionOf(number, {
      ...rest,
      last_accessed: ago(used),
      agent_id: number % 2 ? 'agent001' : 'agent002',
      host: number % 2 ? 'host1' : 'host2',
      ...(damaged && { damaged }),
      ...(activity && { activity: { state: activity as 'idle', since: ago(60), detail: '' } }),
    }),
  );

const picture: fc.Arbitrary<TuiEvent> = fc
  .record({
    sessions: fc.array(session, { maxLength: 8 }),
    up: fc.tuple(fc.boolean(), fc.boolean()),
    agents: fc.integer({ min: 0, max: 2 }),
    connection: fc.constantFrom('live', 'live', 'live', 'lost'),
    first: fc.boolean(),
  })
  .map(({ sessions, up, agents, connection, first }): TuiEvent => {
    const all = [agentOf(1, { up: up[0] }), agentOf(2, { up: up[1] })].slice(0, agents);
    const cluster = clusterOf(sessions, { agents: all, connection: connection as 'live' });
    return { kind: 'cluster', cluster, first, atMs: NOW_MS };
  });

const WORDS = [
  ...[
    'up',
    'down',
    'pageUp',
    'pageDown',
    'home',
    'end',
    'left',
    'right',
    'tab',
    'shift-tab',
    'backspace',
    'delete',
  ],
  ...[
    'escape',
    'ctrl-c',
    'ctrl-l',
    'ctrl-u',
    'paste:pasted text',
    'paste:y',
    'paste:q',
    '\u{1f600}',
    ' ',
    '1',
    'x',
  ],
  ...'necbdkorsqv/ta!ul?m'.split(''),
];
/** Those that lead somewhere come more often. */
const word = fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom('enter', 'y', 'k', 'd', 'r', 'N'));

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: word.map((it) => key(it)) },
  { weight: 2, arbitrary: picture },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reply' as const),
      which: fc.nat(5),
      outcome: fc.constantFrom<Outcome>('done', 'done', 'refused', 'failed'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[
        [40, 12],
        [80, 24],
        [160, 40],
        [10, 2],
      ].map(([cols = 0, rows = 0]): TuiEvent => {
        return { kind: 'size', size: { cols, rows }, atMs: NOW_MS };
      }),
    ),
  },
  { weight: 1, arbitrary: fc.nat(60_000).map((ms): TuiEvent => ({ kind: 'tick', atMs: NOW_MS + ms })) },
);

interface Seen {
  readonly before: TuiState;
  readonly event: TuiEvent;
  readonly state: TuiState;
  readonly effects: readonly Effect[];
}

/** Runs what happens, a wide window with some sessions first, and looks at every step. */
function run(happenings: readonly Happening[], look: (seen: Seen) => void): TuiState {
  const open: Call[] = [];
  let before = initialState({ cols: 160, rows: 30 }, NOW_MS);
  const begin = clusterOf([sessionOf(1), sessionOf(2, { agent_id: 'agent002', host: 'host2' })], {
    agents: [agentOf(1), agentOf(2)],
  });
  const opening: Happening = { kind: 'cluster', cluster: begin, first: true, atMs: NOW_MS };
  for (const happening of [opening, ...happenings]) {
    const event = happening.kind === 'reply' ? replyOf(happening, open) : happening;
    if (!event) continue;
    const { state, effects } = step(before, event);
    for (const effect of effects) if (effect.kind === 'call') open.push(effect.call);
    look({ before, event, state, effects });
    before = state;
  }
  return before;
}

function replyOf(
  { which, outcome }: Extract<Happening, { kind: 'reply' }>,
  open: Call[],
): TuiEvent | undefined {
  const [call] = open.length === 0 ? [] : open.splice(which % open.length, 1);
  if (!call) return undefined;
  const results: Partial<Record<Call['op'], unknown>> = {
    create: sessionOf(5),
    clone: { ...sessionOf(6), skipped_files: 1 },
    edit: sessionOf(1),
    logs: { text: 'one\ntwo\n', truncated: false },
    'settings-get': DEFAULT_SETTINGS,
    'settings-set': DEFAULT_SETTINGS,
  };
  return { kind: 'answer', call, outcome, result: results[call.op] ?? null, atMs: NOW_MS };
}

/** Goes first in every property: by chance alone a run that restarts something may not come up. */
const ONE_OF_EACH: readonly Happening[] = [
  ...['k', 'y'].map((it) => key(it)),
  { kind: 'reply', which: 0, outcome: 'done' },
  {
    kind: 'cluster',
    cluster: clusterOf([sessionOf(1, { running: false })], { agents: [agentOf(1)] }),
    first: false,
    atMs: NOW_MS,
  },
  key('r'),
  { kind: 'reply', which: 0, outcome: 'done' },
  ...['enter', 'l', 'escape', 'd', 'tab', 'enter'].map((it) => key(it)),
];

function everyRun(look: (seen: Seen) => void, end: (state: TuiState) => void = () => undefined): void {
  const happenings = fc.array(happening, { minLength: 10, maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(happenings, (all) => end(run(all, look))),
    { numRuns: 150, examples: [[[...ONE_OF_EACH]]] },
  );
}

function sessionAt({ cluster }: TuiState, { agentId, uuid }: Target): SessionView | undefined {
  return cluster.sessions.get(keyOf({ agent_id: agentId, uuid }));
}

describe('whatever keys, pictures and answers come', () => {
  test('the cursor is on a row that is shown, or on nothing where there is none', () => {
    everyRun(({ state }) => {
      const { selected, selectedIndex, top } = state.list;
      const rows = rowsOf(state.cluster, state.list);
      const row = rows[selectedIndex];
      expect(selected).toBe(rows.length === 0 ? undefined : row && keyOf(row));
      expect(top).toBeGreaterThanOrEqual(0);
      expect(top).toBeLessThanOrEqual(Math.max(0, rows.length - listRows(state)));
      if (!row) return;
      expect(top).toBeLessThanOrEqual(selectedIndex);
      expect(top + listRows(state)).toBeGreaterThan(selectedIndex);
    });
  });

  test('what a dialog acts on never changes while it is open', () => {
    let questions = 0;
    everyRun(({ before: { dialog: old }, state: { dialog } }) => {
      if (old?.kind === 'confirm' && dialog?.kind === 'confirm') {
        questions += 1;
        expect([dialog.target, dialog.op]).toEqual([old.target, old.op]);
      }
      if (old?.kind === 'form' && dialog?.kind === 'form') expect(dialog.purpose).toEqual(old.purpose);
    });
    expect(questions).toBeGreaterThan(0);
  });

  test('nothing is done to a session but what the table allows, one thing at a time, and on a live picture', () => {
    const done = new Set<string>();
    everyRun(({ before, state, effects }) => {
      for (const effect of effects) {
        const about =
          effect.kind === 'call' ? effect.call.target : 'target' in effect ? effect.target : undefined;
        const session = about && sessionAt(state, about);
        const action = effect.kind === 'call' ? effect.call.op : effect.kind;
        done.add(action);
        if (effect.kind === 'call')
          expect(RPC[effect.call.op].params.safeParse(effect.call.params).success).toBe(true);
        if (!about || action === 'logs') continue;
        if (!session) throw new Error(`${action} of a session that is not there`);
        const needs = (action === 'preview' ? 'screen' : action) as SessionAction;
        expect(ALLOWED[stateOf(session)][needs], `${action} while ${stateOf(session)}`).toBe(true);
        if (action === 'preview') continue;
        expect(state.cluster.connection).toBe('live');
        if (action !== 'attach') expect(before.underWay.has(keyOf(session))).toBe(false);
      }
    });
    expect([...done]).toEqual(
      expect.arrayContaining(['kill', 'delete', 'restart', 'attach', 'preview', 'logs']),
    );
  });

  test('only Q in the bare list quits', () => {
    everyRun(({ before, event, effects }) => {
      if (!effects.some(({ kind }) => kind === 'quit')) return;
      expect(before.dialog).toBeUndefined();
      expect(event).toMatchObject({
        kind: 'key',
        key: { name: 'text', text: expect.stringMatching(/^[qQ]$/) },
      });
      expect(event).not.toHaveProperty('key.pasted');
    });
  });

  test('the preview is what was asked for last', () => {
    let asked: Target | undefined;
    everyRun(
      ({ state, effects }) => {
        for (const effect of effects) if (effect.kind === 'preview') asked = effect.target;
        const wanted = asked && keyOf({ agent_id: asked.agentId, uuid: asked.uuid });
        expect(state.preview?.key).toBe(wanted);
      },
      () => {
        asked = undefined;
      },
    );
  });

  test('a few presses of Escape lead to the bare list, and none quits', () => {
    everyRun(
      () => undefined,
      (state) => {
        let now = state;
        for (let press = 0; press < 6; press += 1) {
          const next = step(now, key('escape'));
          expect(next.effects.filter(({ kind }) => kind === 'quit')).toEqual([]);
          now = next.state;
        }
        const bare = { filter: '', onlyAttention: false, onlyOlderImage: false, agent: undefined };
        expect(now).toMatchObject({ dialog: undefined, list: bare });
      },
    );
  });
});

test('the same state and event always give the same', () => {
  const events: TuiEvent[] = ['n', 'w', 'enter'].map((it) => key(it));
  const twice = [1, 2].map(() => run(events, () => undefined));
  expect(twice[0]).toEqual(twice[1]);
});
