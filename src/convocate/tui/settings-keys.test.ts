import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import type { Effect } from './events.ts';
import type { TuiState } from './state.ts';
import { step } from './step.ts';
import { textOf } from './view/line.ts';
import { screenOf } from './view/screen.ts';
import {
  NOW_MS,
  after,
  agentOf,
  change,
  clusterOf,
  effectsOf,
  press,
  stateOfCluster,
  type,
} from './tui-fixture.ts';

const agents = [agentOf(1), agentOf(2, { up: false, problem: 'timed out' }), agentOf(3)];
const state = stateOfCluster(clusterOf([], { agents }));
const call = (number: number) =>
  ({ agentId: `agent00${number}`, host: `host${number}`, op: 'settings-get', params: null }) as const;
const came = (number: number) =>
  ({ kind: 'answer', call: call(number), outcome: 'done', result: DEFAULT_SETTINGS, atMs: NOW_MS }) as const;
const opened = after(press(state, 's'), came(1), came(3));

function selectedOf({ dialog }: TuiState): string | undefined {
  return dialog?.kind === 'settings' ? dialog.selected : undefined;
}

describe('the settings of the cluster', () => {
  test('every agent that is up is asked for its own', () => {
    const asked = effectsOf(state, 's').map((effect) => effect.kind === 'call' && effect.call);
    expect(asked).toEqual([call(1), call(3)]);
  });

  test('what comes is kept, and dropped where the settings were left', () => {
    const answered = after(press(state, 's'), came(3));
    expect(answered.dialog).toMatchObject({ settings: new Map([['agent003', DEFAULT_SETTINGS]]) });
    expect(after(state, came(1))).toEqual(state);
  });

  test.each([
    [['down'], 'agent002'],
    [['end'], 'agent003'],
    [['end', 'pageUp'], 'agent001'],
  ])('%j leads to %s', (words, agentId) => {
    expect(selectedOf(press(opened, ...words))).toBe(agentId);
  });

  test('the cursor stays on an agent that is there', () => {
    const now = after(press(opened, 'end'), change(clusterOf([], { agents: agents.slice(0, 2) })));
    expect(selectedOf(now)).toBe('agent001');
  });

  test('those of an agent that is down, or that have not come, cannot be changed', () => {
    expect(press(opened, 'down', 'enter').notice?.text).toBe('settings of host2: it is down: timed out');
    expect(press(state, 's', 'enter').notice?.text).toBe('settings of host1: they have not come yet');
  });
});

describe('settings that have not come are asked for when there is a way', () => {
  const failed = (number: number, problem = 'it did not answer within 10 s') =>
    ({ kind: 'answer', call: call(number), outcome: 'failed', problem, atMs: NOW_MS }) as const;
  const asked = (effects: readonly Effect[]) =>
    effects.flatMap((effect) => (effect.kind === 'call' ? [effect.call] : []));
  const rows = (now: TuiState) => screenOf(now, { color: true }).map((line) => textOf(line).trim());
  const back = change(clusterOf([], { agents: agents.map((agent) => ({ ...agent, up: true })) }));
  const live = change(clusterOf([], { agents }));
  const lost = change(clusterOf([], { agents, connection: 'lost', problem: 'no such socket' }));

  test('of an agent that was down and came up, once, and only under the cursor', () => {
    const onDown = press(opened, 'down');
    expect(rows(onDown)).toContain('cannot be asked while it is down');
    expect(asked(step(onDown, back).effects)).toEqual([call(2)]);
    const asking = after(onDown, back);
    expect(rows(asking)).toContain('asking …');
    expect(asked(step(asking, back).effects)).toEqual([]);
    expect(asked(step(opened, back).effects)).toEqual([]);
    expect(asked(effectsOf(after(opened, back), 'down'))).toEqual([call(2)]);
  });

  test('after the service was lost when the page was opened', () => {
    const cutOff = press(after(state, lost), 's');
    expect(rows(cutOff)).toContain('cannot be asked without the status service');
    expect(asked(effectsOf(cutOff, 'enter'))).toEqual([]);
    expect(asked(step(cutOff, live).effects)).toEqual([call(1)]);
    expect(rows(after(cutOff, live, came(1)))).toContain('profile         boxed');
  });

  test('after a failure, which is told in its words, when the cursor comes back', () => {
    const now = after(press(state, 's'), failed(1), came(3));
    expect(rows(now)).toEqual(
      expect.arrayContaining(['✖ it did not answer within 10 s', 'Enter asks again']),
    );
    expect(asked(step(now, live).effects)).toEqual([]);
    expect(asked(effectsOf(now, 'up'))).toEqual([]);
    expect(asked(effectsOf(now, 'end', 'home'))).toEqual([call(1)]);
    expect(rows(press(now, 'end', 'home'))).toContain('asking …');
  });

  test('after an answer that is no settings, which counts as a failure', () => {
    const now = after(press(state, 's'), { ...came(1), result: { profile: 1 } });
    expect(rows(now)).toEqual(expect.arrayContaining(['✖ its answer cannot be read', 'Enter asks again']));
  });

  test('after a failure with Enter', () => {
    const now = after(press(state, 's'), failed(1));
    expect(asked(effectsOf(now, 'enter'))).toEqual([call(1)]);
    const again = press(now, 'enter');
    expect(again.notice?.text).toBe('settings of host1: asking again');
    expect(asked(effectsOf(again, 'enter'))).toEqual([]);
    expect(press(after(again, came(1)), 'enter').dialog?.kind).toBe('form');
  });

  test('after a failure by themselves, when what stood in the way is gone', () => {
    const away = change(clusterOf([], { agents: agents.map((agent) => ({ ...agent, up: false })) }));
    for (const trouble of [lost, away]) {
      const before = after(press(state, 's'), failed(1), trouble);
      const during = after(press(state, 's'), trouble, failed(1));
      for (const now of [before, during]) expect(asked(step(now, live).effects)).toEqual([call(1)]);
    }
  });
});

describe('the form', () => {
  const form = press(opened, 'enter');

  test('sends only what was changed', () => {
    const typed = press(type(press(form, 'down', 'down', 'down', 'ctrl-u'), '512'), 'down', ' ');
    expect(effectsOf(typed, 'enter')).toMatchObject([
      { call: { op: 'settings-set', agentId: 'agent001', params: { pids_limit: 512, share_ssh: true } } },
    ]);
    expect(effectsOf(form, 'enter').map((effect) => effect.kind === 'call' && effect.call.op)).not.toContain(
      'settings-set',
    );
  });

  test.each([
    [['ctrl-u'], 'must be one line of 1 to 4096 characters'],
    [['down', 'down', 'home', 'x'], 'must be an absolute path'],
    [['down', 'down', 'ctrl-u'], undefined],
    [['down', 'down', 'down', '9'], undefined],
    [['down', 'down', 'down', '9', '9', '9'], 'must be a number from 64 to 1000000'],
  ])('checks what is typed: %j', (words, problem) => {
    const { dialog } = press(form, ...words);
    expect(dialog?.kind === 'form' && dialog.fields[dialog.focus]?.problem).toBe(problem);
  });

  test('is left for the settings, on the same agent, and these for the list', () => {
    const back = press(press(opened, 'end', 'enter'), 'escape');
    expect(selectedOf(back)).toBe('agent003');
    expect(press(back, 'escape').dialog).toBeUndefined();
  });

  test('is done: the settings show what the agent has now', () => {
    const typed = press(form, 'up', ' ');
    const [effect] = effectsOf(typed, 'enter');
    if (effect?.kind !== 'call') throw new Error('nothing was sent');
    const result = { ...DEFAULT_SETTINGS, profile: 'docker' };
    const answer = { kind: 'answer', call: effect.call, outcome: 'done', result, atMs: NOW_MS } as const;
    const done = after(press(typed, 'enter'), answer);
    expect(done.dialog).toMatchObject({ kind: 'settings', settings: new Map([['agent001', result]]) });
    expect(done.notice?.text).toBe('changed profile of host1; sessions started from now on have it');
  });
});
