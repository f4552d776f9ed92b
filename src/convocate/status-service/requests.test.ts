import { beforeEach, expect, test } from 'vitest';
import { AgentUnreachableError } from '../../cluster/agent-errors.ts';
import type { LiveView } from '../../cluster/live-view.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { agentView } from '../commands/scripted-service-fixture.ts';
import { passCall } from './requests.ts';
import type { Logger } from './service-log.ts';

const ID = '11111111-1111-4111-8111-111111111111';

/** What was asked of the agent and of the view, in order. */
let asked: string[];
let logged: unknown[];
let answer: () => Promise<unknown>;
let isUp: boolean;

beforeEach(() => {
  asked = [];
  logged = [];
  isUp = true;
  answer = async () => null;
});

async function pass(op: string, params: unknown = { id: ID }): Promise<unknown> {
  const call = async (name: string): Promise<unknown> => {
    asked.push(name);
    return await answer();
  };
  const live: Pick<LiveView, 'agent'> & Record<'client' | 'refresh', unknown> = {
    agent: () => agentView({ up: isUp }),
    client: () => (isUp ? { call } : undefined),
    refresh: async (agentId: string, timeoutMs: number) => {
      asked.push(`refresh ${agentId} ${timeoutMs}`);
    },
  };
  const note = (facts: unknown): void => void logged.push(facts);
  const operator = { user: 'claude', from: 'local' };
  const log = { info: note, warn: note } as unknown as Logger;
  const request = {
    op: 'call',
    agent_id: 'aaaaaaaa',
    rpc: { op, params },
    operator,
  } as const;
  return await passCall(live as unknown as LiveView, log, request, new AbortController().signal);
}

const REFRESH = 'refresh aaaaaaaa 2000';

test('after a change the list is asked for, before who changed something is answered', async () => {
  expect(await pass('kill')).toBeNull();
  expect(asked).toEqual(['kill', REFRESH]);
  expect(logged).toMatchObject([{ op: 'kill', outcome: 'done' }]);
});

test.each([
  ['a kill that did not come to its end', new RpcError('docker', 'no space left on device'), 'refused'],
  ['one of a session that is not there', new RpcError('not_found', 'there is no session'), 'refused'],
  ['one that nobody answered', new AgentUnreachableError('one', 'it hung up', { sent: true }), 'unknown'],
])('and after %s, which is told as it was', async (_, error, outcome) => {
  answer = () => Promise.reject(error);
  await expect(pass('kill')).rejects.toBe(error);
  expect(asked).toEqual(['kill', REFRESH]);
  expect(logged).toMatchObject([{ op: 'kill', outcome }]);
});

test('of what was never sent nothing is to be seen', async () => {
  isUp = false;
  await expect(pass('kill')).rejects.toMatchObject({ sent: false });
  await expect(pass('kill', { id: '../etc' })).rejects.toMatchObject({ code: 'bad_request' });
  expect(asked).toEqual([]);
});

test('an operation that only looks asks for no list', async () => {
  await pass('get');
  expect(asked).toEqual(['get']);
});
