import { expect, test } from 'vitest';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { resolveSession } from './find-session.ts';

const A = 'abcd1111-1111-4111-8111-111111111111';
const B = 'abcd2222-2222-4222-8222-222222222222';

function session(uuid: string, name: string, agent_id = 'aaaaaaaa'): SessionView {
  return {
    uuid,
    name,
    agent_id,
    port: 0,
    protocol: 'tcp',
    dns_name: '',
    created_at: '',
    last_accessed: '',
    attached: 0,
    running: false,
    image: '',
    container_id: '',
    started_at: '',
    locked: false,
    host: agent_id === 'aaaaaaaa' ? 'one' : 'two',
    stale: false,
    older_image: false,
  };
}

const a = session(A, 'alpha');
const b = session(B, 'beta');

test.each([A, A.toUpperCase(), A.slice(0, 8), A.slice(0, 9), 'alpha'])('%s is alpha', (reference) => {
  expect(resolveSession([a, b], reference, [])).toBe(a);
});

test.each(['abcd', B.slice(0, 7)])(
  'a shorter prefix is the name of one that is gone, and means nobody: %s',
  (reference) => {
    expect(() => resolveSession([b], reference, [])).toThrow('there is no session');
  },
);

test.each(['abc', 'alph', 'ALPHA', 'abcd1111-1111-4111-8111-1111111111111'])('%j is nobody', (reference) => {
  expect(() => resolveSession([a, b], reference, [])).toThrow(
    `there is no session ${JSON.stringify(reference)}`,
  );
});

test('nothing names none, not even one without a name', () => {
  expect(() => resolveSession([{ ...b, name: '', orphan: true }], '', [])).toThrow(
    expect.objectContaining({ exit: 2, message: 'no session is named: the word for it is empty' }),
  );
});

test.each([
  ['a prefix of two', [a, session(`${A.slice(0, 9)}${B.slice(9)}`, 'beta')], A.slice(0, 9)],
  ['one name on two agents', [a, session(B, 'alpha', 'bbbbbbbb')], 'alpha'],
  [
    'a name that is the prefix of another',
    [a, session('99999999-9999-4999-8999-999999999999', A.slice(0, 8))],
    A.slice(0, 8),
  ],
  ['one UUID on two agents', [a, session(A, 'alpha', 'bbbbbbbb')], A],
])('%s is refused, and both are named', (_, sessions, reference) => {
  const lines = sessions.map(({ name, uuid, host }) => `${name} (${uuid}) on ${host}`).join('\n');
  expect(() => resolveSession(sessions, reference, [])).toThrow(
    expect.objectContaining({ exit: 3, details: expect.objectContaining({ output: lines }) }),
  );
});

test('agents that cannot be asked are named: it may be there', () => {
  const down: AgentView = {
    agent_id: 'cccccccc',
    host: 'three',
    up: false,
    since: '',
    version: '',
    image_tag: '',
    load: [],
  };
  expect(() => resolveSession([], 'alpha', [down])).toThrow(
    expect.objectContaining({ details: { hint: 'some agents cannot be asked just now: three' } }),
  );
});
