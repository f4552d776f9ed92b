import { describe, expect, test } from 'vitest';
import type { Confirmation, TuiState } from './state.ts';
import {
  NOW_MS,
  after,
  agentOf,
  ago,
  change,
  clusterOf,
  effectsOf,
  key,
  press,
  sessionOf,
  stateOfCluster,
  stateWith,
} from './tui-fixture.ts';

const payments = sessionOf(1, { name: 'payments' });
const billing = sessionOf(2, { name: 'billing' });
const state = stateWith([payments, billing]);
const target = { agentId: 'agent001', host: 'host1', uuid: payments.uuid, name: 'payments' };

function questionOf({ dialog }: TuiState): Confirmation {
  if (dialog?.kind !== 'confirm') throw new Error(`no question is open but ${dialog?.kind}`);
  return dialog;
}

describe('the answer', () => {
  const kill = [
    { kind: 'call', call: expect.objectContaining({ op: 'kill', params: { id: payments.uuid }, target }) },
  ];

  test.each([
    [['y'], kill],
    [['Y'], kill],
    [['left', 'enter'], kill],
    [['tab', 'enter'], kill],
    [['right', 'right', 'shift-tab', 'enter'], kill],
    [['enter'], []],
    [['tab', 'tab', 'enter'], []],
    [['n'], []],
    [['tab', 'N'], []],
    [['tab', 'escape'], []],
  ])('%j', (words, effects) => {
    expect(effectsOf(state, 'k', ...words)).toEqual(effects);
    expect(press(state, 'k', ...words).dialog).toBeUndefined();
  });

  test.each(['k', 'd', 'q', 'paste:y', 'paste:yes', 'pageDown', 'ctrl-c', ' '])('%s is none', (word) => {
    expect(effectsOf(state, 'k', word)).toEqual([]);
    expect(questionOf(press(state, 'k', word))).toEqual(questionOf(press(state, 'k')));
  });

  test('says what comes', () => {
    const killing = press(state, 'k', 'y');
    expect(killing.notice?.text).toBe('killing payments on host1; the row shows - when it is down');
  });
});

describe('the target is frozen when the question is asked', () => {
  test('a reload while a delete dialog is open deletes the frozen target', () => {
    const asked = press(state, 'd');
    const reloaded = after(
      asked,
      change(
        clusterOf([
          sessionOf(2, { name: 'billing', last_accessed: ago(-60) }),
          sessionOf(3, { name: 'newcomer', last_accessed: ago(-90) }),
          payments,
        ]),
      ),
    );
    expect(questionOf(reloaded).target).toEqual(target);
    expect(effectsOf(reloaded, 'y')).toEqual([
      {
        kind: 'call',
        call: { agentId: 'agent001', host: 'host1', op: 'delete', params: { id: payments.uuid }, target },
      },
    ]);
  });

  test('one that is gone meanwhile is said to be, and nothing else is touched', () => {
    const gone = after(press(state, 'd'), change(clusterOf([billing])));
    expect(questionOf(gone)).toMatchObject({ target, warnings: ['it is gone'] });
    expect(effectsOf(gone, 'y')).toEqual([]);
    expect(press(gone, 'y').notice?.text).toBe('delete: payments on host1 is gone');
  });

  test('one that got locked meanwhile is left alone', () => {
    const locked = after(press(state, 'k'), change(clusterOf([{ ...payments, locked: true }, billing])));
    expect(effectsOf(locked, 'y')).toEqual([]);
    expect(press(locked, 'y').notice?.text).toMatch(/^kill: payments is locked: /);
  });
});

describe('warnings', () => {
  const working = { state: 'working', since: ago(180), detail: '' } as const;

  test.each([
    ['k', {}, []],
    ['k', { activity: working }, ['it is in the middle of work, since 3m']],
    [
      'k',
      { activity: { ...working, detail: 'Bash' }, attached: 1 },
      ['it is in the middle of work (Bash), since 3m', 'someone is attached to it'],
    ],
    ['k', { running: false, activity: working }, ['it is stopped already']],
    ['k', { stale: true }, ['host1 cannot tell how it is just now; this is how it was seen last']],
    ['d', { running: false }, ['its home goes for ever, with work and conversation']],
    [
      'd',
      { attached: 2, activity: working },
      [
        'its home goes for ever, with work and conversation',
        'it is running',
        'it is in the middle of work, since 3m',
        '2 are attached to it',
      ],
    ],
    ['o', {}, ['it clears a lock left behind; a change that is under way goes on']],
  ] as const)('%s of %j', (word, what, warnings) => {
    expect(questionOf(press(stateWith([sessionOf(1, what)]), word)).warnings).toEqual(warnings);
  });

  test('follow what happens while the question is open', () => {
    const asked = press(state, 'k');
    const begun = after(asked, change(clusterOf([{ ...payments, activity: working }, billing])));
    expect(questionOf(begun).warnings).toEqual(['it is in the middle of work, since 3m']);
  });
});

describe('cutover, one session at a time', () => {
  const old = sessionOf(1, { name: 'payments', image: 'convocate:v1', older_image: true });
  const agents = [agentOf(1)];
  const before = stateOfCluster(clusterOf([old, sessionOf(2, { older_image: true })], { agents }));

  test('K, the row turns -, R, and u shows what is left', () => {
    const killing = press(before, 'u', 'k', 'y');
    const down = clusterOf(
      [{ ...old, running: false, exit_code: 143 }, sessionOf(2, { older_image: true })],
      { agents },
    );
    const call = {
      agentId: 'agent001',
      host: 'host1',
      op: 'kill',
      params: { id: old.uuid },
      target,
    } as const;
    const killed = after(
      killing,
      { kind: 'answer', call, outcome: 'done', result: null, atMs: NOW_MS },
      change(down),
    );
    expect(killed.notice?.text).toBe('killed payments on host1; (R)estart brings it up on convocate:v2');
    expect(killed.messages.map(({ text }) => text)).toEqual([killed.notice?.text]);
    expect(effectsOf(killed, 'r')).toMatchObject([{ call: { op: 'restart', params: { id: old.uuid } } }]);
    const up = clusterOf([sessionOf(1, { name: 'payments' }), sessionOf(2, { older_image: true })], {
      agents,
    });
    const restarted = after(press(killed, 'r'), change(up), key('up'));
    expect(restarted.cluster.sessions.get(restarted.list.selected ?? '')?.uuid).toBe(sessionOf(2).uuid);
  });
});
