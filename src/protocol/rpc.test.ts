import { describe, expect, test } from 'vitest';
import { AttachHeader } from './attach.ts';
import { DEFAULT_SETTINGS, resumeCommandOf } from './agent-settings.ts';
import { LIMITS } from './limits.ts';
import { RPC, RpcAnswer, type RpcOp, RpcRequest, describeIssue, isRpcOp } from './rpc.ts';

/** The examples and rules of the wire contract; another implementation was or could be written from them. */

const id = '0b6f3c1e-8a52-4d7b-9c01-2f3e4d5c6b7a';
const session = {
  uuid: id,
  name: 'api',
  port: 1001,
  protocol: 'tcp',
  dns_name: 'api.dev',
  created_at: '2026-01-02T03:04:05Z',
  last_accessed: '',
  agent_id: 'abcd1234',
  attached: 0,
  running: false,
  image: 'convocate:v1',
  container_id: '',
  started_at: '',
  locked: false,
};

/** Every character of ASCII that can be seen. */
const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));

const takes = (op: RpcOp, params: unknown): boolean => RPC[op].params.safeParse(params).success;

describe('the operations', () => {
  test('are those of the contract', () => {
    expect(Object.keys(RPC)).toEqual([
      ...[
        'ping',
        'list',
        'get',
        'create',
        'edit',
        'clone',
        'delete',
        'kill',
        'restart',
        'background',
        'override',
      ],
      ...['screen', 'send', 'logs', 'explain'],
      ...['settings-get', 'settings-set'],
    ]);
  });

  test('that only read are told apart from those that change something', () => {
    const reading = (Object.keys(RPC) as RpcOp[]).filter((op) => !RPC[op].changes);
    expect(reading).toEqual(['ping', 'list', 'get', 'screen', 'logs', 'explain', 'settings-get']);
  });

  test.each(['', 'Ping', 'toString', '__proto__', 'constructor'])('do not include %j', (op) => {
    expect(isRpcOp(op)).toBe(false);
  });
});

describe('a request', () => {
  test.each(['{"op":"list","params":null}', '{"op":"list"}', '{"op":"list","params":{},"trace":1}'])(
    'may be %s',
    (line) => {
      expect(RpcRequest.parse(JSON.parse(line)).op).toBe('list');
      expect(takes('list', RpcRequest.parse(JSON.parse(line)).params)).toBe(true);
    },
  );

  test.each(['{}', '[]', '"list"', '{"op":1}', 'null'])('is not %s', (line) => {
    expect(RpcRequest.safeParse(JSON.parse(line)).success).toBe(false);
  });

  test.each(['get', 'delete', 'kill', 'restart', 'background', 'override'] as const)(
    '%s wants the id of a session',
    (op) => {
      expect(takes(op, { id })).toBe(true);
      expect(takes(op, { id, unknown: 'field' })).toBe(true);
      for (const wrong of [
        {},
        null,
        { id: '' },
        { id: '..' },
        { id: `${id}/..` },
        { id: id.toUpperCase() },
        { id: [id] },
      ]) {
        expect(takes(op, wrong), JSON.stringify(wrong)).toBe(false);
      }
    },
  );
});

describe('create', () => {
  const accepted = [
    { name: 'a' },
    { name: 'A-b_9'.padEnd(64, 'x') },
    { name: 'a', port: 0 },
    { name: 'a', port: -1, protocol: 'udp' },
    { name: 'a', port: 65_535, protocol: 'tcp', dns_name: '' },
    { name: 'a', dns_name: `${'a'.repeat(63)}.b-1.c` },
  ];
  test.each(accepted)('takes %j', (params) => {
    expect(takes('create', params)).toBe(true);
  });

  const refused = [
    {},
    { name: '' },
    { name: 'x'.repeat(65) },
    { name: 'a b' },
    { name: 'a/b' },
    { name: 'ä' },
    { name: 'a\n' },
    { name: 'a', port: -2 },
    { name: 'a', port: 65_536 },
    { name: 'a', port: 80.5 },
    { name: 'a', port: '80' },
    { name: 'a', protocol: 'sctp' },
    { name: 'a', dns_name: 'Upper' },
    { name: 'a', dns_name: '-a' },
    { name: 'a', dns_name: 'a-' },
    { name: 'a', dns_name: 'a..b' },
    { name: 'a', dns_name: 'a.' },
    { name: 'a', dns_name: 'a\n' },
    { name: 'a', dns_name: 'a'.repeat(64) },
    { name: 'a', dns_name: Array.from({ length: 130 }, () => 'a').join('.') },
  ];
  test.each(refused)('refuses %j', (params) => {
    expect(takes('create', params)).toBe(false);
  });
});

test('edit keeps what is left out, and an empty name keeps the old one', () => {
  expect(RPC.edit.params.parse({ id, name: '' })).toEqual({ id, name: '' });
  expect(RPC.edit.params.parse({ id })).toEqual({ id });
  expect(takes('edit', { id, name: 'a b' })).toBe(false);
  expect(takes('edit', { name: 'a' })).toBe(false);
});

test('clone names its source and a new name', () => {
  expect(takes('clone', { source_id: id, name: 'copy' })).toBe(true);
  expect(takes('clone', { source_id: id, name: '' })).toBe(false);
  expect(takes('clone', { id, name: 'copy' })).toBe(false);
});

test('settings: defaults as documented, and a change with an unknown name is refused, so that a typing error is not lost', () => {
  expect(DEFAULT_SETTINGS).toEqual({
    session_command: '/usr/local/bin/claude',
    resume_command: '',
    session_program: '/usr/local/bin/claude',
    pids_limit: 4096,
    share_ssh: false,
    profile: 'boxed',
  });
  expect(takes('settings-set', {})).toBe(true);
  expect(takes('settings-set', { pids_limit: 64, session_program: '' })).toBe(true);
  expect(takes('settings-set', { resume_command: '' })).toBe(true);
  for (const wrong of [
    { pid_limit: 64 },
    { resume_command: 'x'.repeat(4097) },
    { pids_limit: 63 },
    { session_program: 'claude' },
    { session_command: '' },
    { profile: 'root' },
  ]) {
    expect(takes('settings-set', wrong), JSON.stringify(wrong)).toBe(false);
  }
});

test('a session program is not set to where the agent sees nothing; settings that have one there can be read', () => {
  const unseen = [
    '/home/claude/bin/x',
    '/root/x',
    '/tmp',
    '/var/tmp/x',
    '/run/user/0/x',
    '/opt/..//./root/x',
  ];
  for (const path of unseen) {
    expect(takes('settings-set', { session_program: path }), path).toBe(false);
    expect(RPC['settings-get'].result.parse({ session_program: path })).toMatchObject({
      session_program: path,
    });
  }
  for (const path of ['/opt/claude/bin/claude', '/usr/bin/x', '/homes/x', '/srv/tmp/x', '/rooted']) {
    expect(takes('settings-set', { session_program: path }), path).toBe(true);
  }
});

test.each([
  [{}, '/usr/local/bin/claude --continue'],
  [{ session_command: 'bash' }, 'bash'],
  [{ session_command: 'bash', resume_command: 'bash --login' }, 'bash --login'],
  [{ resume_command: 'claude --resume' }, 'claude --resume'],
])('with the settings %j a conversation goes on with %s', (change, command) => {
  expect(resumeCommandOf({ ...DEFAULT_SETTINGS, ...change })).toBe(command);
});

test('what an operator or a script sends to a terminal is bounded, and a key is a name', () => {
  expect(takes('send', { id })).toBe(true);
  expect(takes('send', { id, text: '', keys: [] })).toBe(true);
  expect(takes('send', { id, text: 'x'.repeat(LIMITS.sendCharacters), keys: ['Enter', 'C-c', '^C'] })).toBe(
    true,
  );
  expect(takes('send', { id, keys: [...PRINTABLE, 'C-]', 'M-.', 'C-M-S-PageDown'] })).toBe(true);
  for (const wrong of [
    { text: 'x'.repeat(LIMITS.sendCharacters + 1) },
    { keys: ['; kill-server'] },
    { keys: [''] },
    { keys: [' '] },
    { keys: ['é'] },
    { keys: ['a\n'] },
    { keys: ['x'.repeat(17)] },
    { keys: Array.from({ length: LIMITS.sendKeys + 1 }, () => 'a') },
  ]) {
    expect(takes('send', { id, ...wrong }), JSON.stringify(wrong).slice(0, 60)).toBe(false);
  }
  expect(takes('screen', { id, scrollback: LIMITS.scrollbackLines, styled: true })).toBe(true);
  expect(takes('screen', { id, scrollback: LIMITS.scrollbackLines + 1 })).toBe(false);
  expect(takes('logs', { id, tail: 0 })).toBe(false);
  expect(takes('logs', { id, tail: LIMITS.logLines })).toBe(true);
});

describe('a session object', () => {
  test('passes with what every session has, and unknown fields are dropped', () => {
    expect(RPC.get.result.parse({ ...session, later: 1 })).toEqual(session);
    expect(RPC.list.result.parse([{ ...session, exit_code: 137, oom_killed: true }])).toEqual([
      { ...session, exit_code: 137, oom_killed: true },
    ]);
    expect(RPC.clone.result.parse({ ...session, skipped_files: 2 })).toEqual({
      ...session,
      skipped_files: 2,
    });
  });

  test.each(Object.keys(session))('needs %s', (field) => {
    expect(RPC.get.result.safeParse({ ...session, [field]: undefined }).success).toBe(false);
  });
});

describe('an answer', () => {
  test('is a result or an error with a code', () => {
    expect(RpcAnswer.parse(JSON.parse('{"ok":true,"result":null}'))).toEqual({ ok: true, result: null });
    expect(RpcAnswer.parse(JSON.parse('{"ok":false,"error":"no such session","code":"not_found"}'))).toEqual({
      ok: false,
      error: 'no such session',
      code: 'not_found',
    });
  });

  test('with a code of a later version counts as internal, and is not lost', () => {
    for (const code of ['too_hot', 'toString', '__proto__']) {
      expect(RpcAnswer.parse({ ok: false, error: 'x', code })).toEqual({
        ok: false,
        error: 'x',
        code: 'internal',
      });
    }
  });

  test.each([{}, { ok: 1, result: 2 }, { ok: false, result: 1 }, { ok: false, error: 'x' }])(
    'is not %j',
    (value) => {
      expect(RpcAnswer.safeParse(value).success).toBe(false);
    },
  );
});

describe('the attach header', () => {
  test('of the contract', () => {
    expect(
      AttachHeader.parse(JSON.parse(`{"id":"${id}","cols":120,"rows":40,"term":"xterm-256color"}`)),
    ).toEqual({
      id,
      cols: 120,
      rows: 40,
      term: 'xterm-256color',
      read_only: false,
    });
  });

  test('is 80 by 24 unless told', () => {
    expect(AttachHeader.parse({ id })).toMatchObject({ cols: 80, rows: 24 });
  });

  test.each([
    { cols: 0 },
    { cols: 1001 },
    { rows: -1 },
    { rows: 1.5 },
    { term: 'a b' },
    { term: '' },
    { term: '$(id)' },
    { id: 'x' },
  ])('is refused with %j', (wrong) => {
    expect(AttachHeader.safeParse({ id, ...wrong }).success).toBe(false);
  });
});

test('the first thing wrong is told in words, with its path', () => {
  const bad = RPC.create.params.safeParse({ name: 'a b' });
  expect(bad.error && describeIssue(bad.error, 'params')).toBe(
    'params.name: must be 1 to 64 characters of A-Z a-z 0-9 _ -',
  );
});
