import { describe, expect, test } from 'vitest';
import type { Session } from '../../protocol/session.ts';
import type { Call, TuiEvent } from './events.ts';
import { type FormDialog, type TuiState, keyOf } from './state.ts';
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
  uuidOf,
} from './tui-fixture.ts';

const payments = sessionOf(1, { name: 'payments', port: 3000, dns_name: 'pay' });
const state = stateWith([payments, sessionOf(2)]);

function formOf({ dialog }: TuiState): FormDialog {
  if (dialog?.kind !== 'form') throw new Error(`no form is open but ${dialog?.kind}`);
  return dialog;
}

const values = (now: TuiState) =>
  Object.fromEntries(formOf(now).fields.map(({ name, value }) => [name, value]));
const problems = (now: TuiState) =>
  formOf(now).fields.flatMap(({ name, problem }) => (problem === undefined ? [] : [[name, problem]]));

function callOf(now: TuiState): Call {
  const [effect] = effectsOf(now, 'enter');
  if (effect?.kind !== 'call') throw new Error(`Enter asked for ${JSON.stringify(effect)}`);
  return effect.call;
}

function answer(call: Call, what: Partial<Extract<TuiEvent, { kind: 'answer' }>> = {}): TuiEvent {
  return { kind: 'answer', call: structuredClone(call), outcome: 'done', atMs: NOW_MS, ...what };
}

describe('a new session', () => {
  const opened = press(state, 'n');

  test('is sent as the contract has it', () => {
    const typed = type(
      press(type(press(type(opened, 'web'), 'tab'), 'AUTO'), 'tab', 'right', 'tab'),
      'web.lab',
    );
    expect(callOf(typed)).toEqual({
      agentId: 'agent001',
      host: 'host1',
      op: 'create',
      params: { name: 'web', port: -1, protocol: 'udp', dns_name: 'web.lab' },
    });
  });

  test('needs a name only', () => {
    expect(callOf(type(opened, 'w')).params).toEqual({ name: 'w', port: 0, protocol: 'tcp', dns_name: '' });
  });

  test('Enter in any field goes to the first that is wrong', () => {
    const wrong = press(type(press(opened, 'tab', 'tab', 'tab'), 'UPPER'), 'enter');
    expect(formOf(wrong)).toMatchObject({ focus: 0, sending: false });
    expect(problems(wrong)).toEqual([
      ['name', 'must be 1 to 64 characters of A-Z a-z 0-9 _ -'],
      ['dns_name', 'must be lowercase DNS labels joined by dots'],
    ]);
  });

  test.each([
    ['0', undefined],
    ['auto', undefined],
    ['65535', undefined],
    ['65536', 'must be auto, a port up to 65535, or empty for none'],
    ['-1', 'must be auto, a port up to 65535, or empty for none'],
    ['http', 'must be auto, a port up to 65535, or empty for none'],
  ])('port %s, as it is typed: %s', (text, problem) => {
    expect(formOf(type(press(opened, 'tab'), text)).fields[1]?.problem).toBe(problem);
  });

  test('a field that nobody has typed in yet is not called wrong', () => {
    expect(problems(press(opened, 'tab', 'shift-tab'))).toEqual([]);
    expect(problems(press(type(opened, 'a'), 'backspace'))).toHaveLength(1);
  });

  test('Tab, Shift-Tab, Up and Down go round; letters are letters', () => {
    expect(formOf(press(opened, 'up')).focus).toBe(3);
    expect(formOf(press(opened, 'shift-tab', 'tab', 'down')).focus).toBe(1);
    expect(values(type(opened, 'qkd y'))['name']).toBe('qkd y');
  });

  test('a choice is walked with Left, Right and Space, and takes no text', () => {
    const atProtocol = press(opened, 'tab', 'tab');
    const walk = (...words: string[]) => values(press(atProtocol, ...words))['protocol'];
    expect([
      walk('right'),
      walk(' '),
      walk('left'),
      walk('left', 'left'),
      walk('x'),
      walk('backspace'),
    ]).toEqual(['udp', 'udp', 'udp', 'tcp', 'tcp', 'tcp']);
  });

  test('pasted text goes in at the cursor, as one line', () => {
    expect(values(press(type(opened, 'ab'), 'left', 'paste:pasted\n'))['name']).toBe('apastedb');
    expect(values(press(opened, 'paste:y'))['name']).toBe('y');
  });

  test('pasted text chooses nothing where there is a choice', () => {
    expect(values(press(opened, 'tab', 'tab', 'paste: '))['protocol']).toBe('tcp');
  });

  test('while it is sent the keys wait', () => {
    const sent = press(type(opened, 'web'), 'enter');
    expect(formOf(sent).sending).toBe(true);
    expect(press(sent, 'x', 'tab', 'enter').dialog).toEqual(sent.dialog);
    expect(effectsOf(sent, 'enter')).toEqual([]);
  });

  const made: Session = { ...sessionOf(9, { name: 'web', running: false }) };

  test.each(['answer first', 'picture first'])(
    'the cursor goes to it when it is in the list: %s',
    (order) => {
      const sent = press(type(press(state, 'down', 'n'), 'web'), 'enter');
      const events = [
        answer(callOf(type(opened, 'web')), { result: made }),
        change(clusterOf([payments, sessionOf(2), sessionOf(9, { name: 'web', running: false })])),
      ];
      const now = after(sent, ...(order === 'answer first' ? events : events.toReversed()));
      expect([now.dialog, selectedName(now), now.awaited]).toEqual([undefined, 'web', undefined]);
      expect(now.messages.at(-1)).toEqual({
        atMs: NOW_MS,
        kind: 'done',
        text: 'created web on host1; Enter starts it',
      });
    },
  );

  test('the cursor goes nowhere when the operator has moved on', () => {
    const sent = press(type(opened, 'web'), 'enter');
    const moved = press(after(sent, answer(callOf(type(opened, 'web')), { result: made })), 'down');
    const now = after(moved, change(clusterOf([payments, sessionOf(2), sessionOf(9)])));
    expect(selectedName(now)).toBe('session2');
  });

  test('one that a filter hides is told of', () => {
    const filtered = press(state, '/', 'p', 'a', 'y', 'enter', 'n');
    const sent = press(type(filtered, 'web'), 'enter');
    const now = after(
      sent,
      answer(callOf(type(opened, 'web')), { result: made }),
      change(clusterOf([payments, sessionOf(9, { name: 'web' })])),
    );
    expect(selectedName(now)).toBe('payments');
    expect(now.notice?.text).toBe('web on host1 is there; a filter leaves it out (Esc takes it back)');
  });

  test("the agent's refusal stands in the form, which stays as it was typed", () => {
    const typed = type(opened, 'web');
    const problem = 'port 3000 is taken by "payments"';
    const refused = after(press(typed, 'enter'), answer(callOf(typed), { outcome: 'refused', problem }));
    expect(formOf(refused)).toMatchObject({ sending: false, refusal: problem });
    expect([values(refused), refused.messages]).toEqual([values(typed), []]);
    expect(formOf(type(refused, '2'))).toMatchObject({ refusal: undefined });
    const failed = after(
      press(typed, 'enter'),
      answer(callOf(typed), { outcome: 'failed', problem: 'host1: no answer' }),
    );
    expect(formOf(failed).refusal).toBe('host1: no answer');
    expect(failed.messages).toMatchObject([{ kind: 'failed', text: 'new: web on host1: host1: no answer' }]);
  });

  test('left while it is sent, it goes on, and its end is told', () => {
    const left = press(type(opened, 'web'), 'enter', 'escape');
    expect(left.dialog).toBeUndefined();
    const again = type(press(left, 'n'), 'other');
    const told = after(again, answer(callOf(type(opened, 'web')), { outcome: 'refused', problem: 'no' }));
    expect(told.dialog).toEqual(again.dialog);
    expect(told.notice?.text).toBe('new: web on host1: no');
  });
});

describe('an edit', () => {
  const opened = press(state, 'e');

  test('starts from what is there and sends what is another', () => {
    expect(values(opened)).toEqual({ name: 'payments', port: '3000', protocol: 'tcp', dns_name: 'pay' });
    const typed = press(opened, 'tab', 'ctrl-u');
    expect(callOf(typed)).toMatchObject({ op: 'edit', params: { id: payments.uuid, port: 0 } });
    expect(Object.keys(Object(callOf(typed).params))).toEqual(['id', 'port']);
  });

  test('with nothing changed sends nothing', () => {
    expect(effectsOf(opened, 'enter')).toEqual([]);
    expect(press(opened, 'enter')).toMatchObject({
      dialog: undefined,
      notice: { text: 'nothing was changed' },
    });
  });

  test('says when it applies', () => {
    const typed = type(opened, '2');
    const sent = press(typed, 'enter');
    expect([...sent.underWay]).toEqual([[keyOf(payments), 'editing']]);
    const done = after(sent, answer(callOf(typed), { result: payments }));
    expect(done.notice?.text).toBe('edited payments on host1; port and DNS name apply at its next restart');
    expect([done.dialog, done.underWay.size]).toEqual([undefined, 0]);
  });

  test('of a session that is gone or was locked meanwhile is refused in the form', () => {
    const typed = type(opened, '2');
    const gone = press(after(typed, change(clusterOf([]))), 'enter');
    expect(formOf(gone).refusal).toBe('edit: payments on host1 is gone');
    const locked = press(after(typed, change(clusterOf([{ ...payments, locked: true }]))), 'enter');
    expect(formOf(locked).refusal).toMatch(/^edit: payments is locked: /);
  });

  test('an empty name is wrong', () => {
    expect(problems(press(opened, 'ctrl-u'))).toHaveLength(1);
  });
});

test('a clone says what was left out, and the cursor goes to it', () => {
  const opened = press(state, 'c');
  expect(values(opened)).toEqual({ name: 'payments-copy' });
  const call = callOf(opened);
  expect(call).toMatchObject({ op: 'clone', params: { source_id: uuidOf(1), name: 'payments-copy' } });
  const clone = sessionOf(7, { name: 'payments-copy', running: false });
  const done = after(
    press(opened, 'enter'),
    answer(call, { result: { ...clone, skipped_files: 3 } }),
    change(clusterOf([payments, clone])),
  );
  expect(done.messages.at(-1)?.text).toBe(
    'cloned payments on host1 as payments-copy; 3 special files (sockets, pipes, devices) were left out',
  );
  expect(selectedName(done)).toBe('payments-copy');
});

test('the name of a clone fits however long that of its source is', () => {
  const opened = press(stateWith([sessionOf(1, { name: 'x'.repeat(64) })]), 'c');
  expect(values(opened)['name']).toHaveLength(64);
  expect(effectsOf(opened, 'enter')).toHaveLength(1);
});

describe('which agent', () => {
  test('with none registered, what to run is told', () => {
    const none = press(stateWith([], { agents: [] }), 'n');
    expect(none.dialog).toBeUndefined();
    expect(none.notice?.text).toBe(
      'new: no agent is registered; run convocate-host init-agent --host HOST first',
    );
  });

  test('with one it is not asked, and when that is down it is said', () => {
    expect(formOf(press(stateWith([]), 'n')).purpose).toEqual({
      action: 'new',
      agentId: 'agent001',
      host: 'host1',
    });
    const down = stateWith([], { agents: [agentOf(1, { up: false, problem: 'timed out' })] });
    expect(press(down, 'n').notice?.text).toBe('new: no agent is up; host1: timed out');
  });

  const agents = [agentOf(1), agentOf(2, { up: false }), agentOf(3)];
  const three = stateOfCluster(
    clusterOf([sessionOf(1, { agent_id: 'agent003', host: 'host3' })], { agents }),
  );

  test('with more it is asked; only those that are up can be had', () => {
    const picker = press(three, 'n');
    expect(picker.dialog).toEqual({ kind: 'pick agent', selected: 'agent003' });
    const seen = ['up', 'up', 'down', 'home', 'end'].map((word) => press(picker, word).dialog);
    expect(seen.map((dialog) => dialog?.kind === 'pick agent' && dialog.selected)).toEqual([
      'agent001',
      'agent001',
      'agent003',
      'agent001',
      'agent003',
    ]);
    expect(formOf(press(picker, 'up', 'enter')).purpose).toMatchObject({ action: 'new', host: 'host1' });
    expect(press(picker, 'escape').dialog).toBeUndefined();
  });

  test('one that goes down while it is asked cannot be had', () => {
    const picker = press(three, 'n');
    const down = agents.with(2, agentOf(3, { up: false }));
    const now = after(picker, change(clusterOf([], { agents: down })));
    expect(now.dialog).toEqual({ kind: 'pick agent', selected: 'agent001' });
    const none = after(
      now,
      change(clusterOf([], { agents: agents.map((agent) => ({ ...agent, up: false })) })),
    );
    expect(press(none, 'enter').notice?.text).toBe('new: no agent is up');
  });
});
