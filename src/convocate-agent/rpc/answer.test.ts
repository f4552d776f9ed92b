import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { RpcError } from '../../protocol/error-codes.ts';
import { RPC } from '../../protocol/rpc.ts';
import { type AnswerDeps, answerLine } from './answer.ts';
import { CallLimits } from './call-limits.ts';
import type { Operations } from './operations.ts';

const ID = '11111111-1111-4111-8111-111111111111';
const CALLER = { peer: 'SHA256:x', from: '192.0.2.1:1000' };

let logged: Record<string, unknown>[];
let called: string[];
let outcome: () => Promise<unknown>;
let deps: AnswerDeps;

beforeEach(() => {
  logged = [];
  called = [];
  outcome = async () => null;
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const call = (op: string) => async (): Promise<unknown> => {
    called.push(op);
    return await outcome();
  };
  const operations = Object.fromEntries(Object.keys(RPC).map((op) => [op, call(op)]));
  deps = { operations: operations as unknown as Operations, limits: new CallLimits(), log: pino(sink) };
});

const ask = (request: unknown): ReturnType<typeof answerLine> =>
  answerLine(deps, JSON.stringify(request), CALLER);

describe('answers', () => {
  test('a result, and null where there is none', async () => {
    outcome = async () => undefined;
    expect(await ask({ op: 'kill', params: { id: ID } })).toEqual({ ok: true, result: null });
  });

  test('a refusal travels with its code and words', async () => {
    outcome = async () => {
      throw new RpcError('conflict', 'it runs');
    };
    const answer = await ask({ op: 'restart', params: { id: ID } });
    expect(answer).toEqual({ ok: false, error: 'it runs', code: 'conflict' });
  });

  test('a bug is "internal"; its trace stays in the journal', async () => {
    outcome = async () => {
      throw new TypeError('secret detail');
    };
    expect(await ask({ op: 'list' })).toEqual({
      ok: false,
      error: 'internal error of the agent; its journal has the trace',
      code: 'internal',
    });
    expect(logged).toMatchObject([
      { msg: 'internal error', err: { stack: expect.stringContaining('secret detail') } },
    ]);
  });

  test('a full disk is told in words, not as a bug', async () => {
    outcome = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    expect(await ask({ op: 'create', params: { name: 'a' } })).toEqual({
      ok: false,
      error: 'the agent host failed: ENOSPC: no space left on device, write',
      code: 'refused',
    });
  });
});

describe('the log of changes', () => {
  test('says who, what, which and how it went; reads are not in it', async () => {
    await ask({ op: 'list' });
    await ask({ op: 'kill', params: { id: ID } });
    expect(logged).toMatchObject([{ ...CALLER, op: 'kill', session: ID, outcome: 'done', msg: 'change' }]);
  });

  test('holds no setting', async () => {
    await ask({ op: 'settings-set', params: { session_command: 'run --key=sesame' } });
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain('sesame');
  });
});

test('no line whatever throws, or calls an operation with parameters it does not take', async () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ op: fc.constantFrom(...Object.keys(RPC), '__proto__'), params: fc.anything() }).map((v) => {
      try {
        return JSON.stringify(v);
      } catch {
        return '';
      }
    }),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (line) => {
      called = [];
      const answer = await answerLine(deps, line ?? '', CALLER);
      if (!answer.ok) expect(called).toEqual([]);
    }),
  );
});

test('too many calls at once are busy; reads have places of their own', async () => {
  const { promise, resolve } = Promise.withResolvers<null>();
  outcome = () => promise;
  const kills = Array.from({ length: 32 }, () => ask({ op: 'kill', params: { id: ID } }));
  expect(await ask({ op: 'kill', params: { id: ID } })).toMatchObject({ ok: false, code: 'busy' });
  const ping = ask({ op: 'ping' });
  resolve(null);
  expect(await ping).toMatchObject({ ok: true });
  expect((await Promise.all(kills)).every(({ ok }) => ok)).toBe(true);
  outcome = async () => null;
  expect(await ask({ op: 'kill', params: { id: ID } })).toMatchObject({ ok: true });
});

test('an agent about to end takes no more changes', async () => {
  deps.limits.close();
  expect(await ask({ op: 'kill', params: { id: ID } })).toMatchObject({ ok: false, code: 'busy' });
  expect(await ask({ op: 'ping' })).toMatchObject({ ok: true });
});
