import { mkdtemp, rm } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ShellClient } from '../../cluster/shell-client.ts';
import { readFirstLine, writeJsonLine } from '../../ssh/json-channel.ts';
import { carryOut } from './carry-out.ts';
import type { Call, TuiEvent } from './events.ts';

const CALL: Call = {
  agentId: 'agent00a',
  host: 'build-a',
  op: 'kill',
  params: { id: '00000001-1c5e-4b7a-9d3f-0123456789ab' },
};

let dir: string;
let service: Server;
let asked: unknown[];
let answer: unknown;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-carry-out-'));
  asked = [];
  service = createServer({ allowHalfOpen: true }, (socket) => {
    void readFirstLine(socket).then(({ line }) => {
      asked.push(JSON.parse(line));
      writeJsonLine(socket, answer);
      socket.destroySoon();
    });
  });
  await new Promise<void>((resolve) => service.listen(join(dir, 'shell.sock'), resolve));
});

afterEach(async () => {
  service.close();
  await rm(dir, { recursive: true, force: true });
});

async function told(): Promise<TuiEvent> {
  const events: TuiEvent[] = [];
  const shell = new ShellClient({ user: 'ann', from: 'local' }, join(dir, 'shell.sock'));
  await carryOut(shell, CALL, (event) => events.push(event));
  expect(events).toHaveLength(1);
  return events[0] as TuiEvent;
}

test('what was done comes back with its result', async () => {
  answer = { ok: true, result: null };
  expect(await told()).toMatchObject({ kind: 'answer', call: CALL, outcome: 'done', result: null });
  expect(asked).toMatchObject([
    { op: 'call', agent_id: 'agent00a', rpc: { op: 'kill', params: CALL.params } },
  ]);
});

test('a refusal comes back in the words of the agent', async () => {
  answer = { ok: false, code: 'conflict', error: 'it is not running', host: 'build-a' };
  const event = await told();
  expect(event).toMatchObject({ outcome: 'refused' });
  expect(event.kind === 'answer' && event.problem).toContain('it is not running (build-a)');
});

test('what nobody knows the end of has failed, and says what to do', async () => {
  answer = { ok: false, code: 'internal', error: 'build-a went away', host: 'build-a', uncertain: true };
  const event = await told();
  expect(event).toMatchObject({ outcome: 'failed' });
  expect(event.kind === 'answer' && event.problem).toMatch(
    /build-a went away: nobody knows whether it was done/,
  );
});

test('a service that is not there has failed', async () => {
  service.close();
  await rm(join(dir, 'shell.sock'), { force: true });
  const event = await told();
  expect(event.kind === 'answer' && event.problem).toContain('convocate-status.service is not running');
});
