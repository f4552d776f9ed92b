import { expect, test } from 'vitest';
import type { ShellClient } from '../../cluster/shell-client.ts';
import { type AttachTarget, endOf, farewell } from './attach-end.ts';

const target: AttachTarget = {
  uuid: '6f1c2f9e-58c5-4c0a-9a53-1f0f3d3f9b11',
  name: 'api',
  agent_id: 'aaaaaaaa',
  host: 'one',
};
const what = `api (${target.uuid}) on one`;

function shellWith(session: Record<string, unknown> | undefined, version = 'v1'): ShellClient {
  const sessions = async (): Promise<unknown[]> => (session ? [{ ...target, stale: false, ...session }] : []);
  const agents = async (): Promise<unknown[]> => [{ agent_id: target.agent_id, version }];
  return { agents, sessions } as unknown as ShellClient;
}

test.each([
  [{ reason: 'detached' }, 'detached', `left ${what}; it goes on running`],
  [{ reason: 'ended', exit_code: 5 }, 'ended', `${what} has ended with exit code 5`],
  [{ reason: 'ended', exit_code: 143, asked_to_stop: true }, 'ended', `${what} was stopped`],
  [
    { reason: 'ended', exit_code: 137, oom_killed: true },
    'ended',
    `${what} has ended with exit code 137, out of memory`,
  ],
  [{ reason: 'removed' }, 'removed', `${what} was removed`],
] as const)('what the agent said: %j', (end, kind, text) => {
  expect(endOf(target, { how: 'told', end })).toEqual({ kind, text });
});

test('a connection that did not come back says what to do', () => {
  expect(endOf(target, { how: 'given-up', problem: 'no answer' })).toEqual({
    kind: 'lost',
    text: `the connection to ${what} did not come back within 90 s: no answer; the session goes on`,
    hint: '`convocate attach 6f1c2f9e` opens it again, once it can be reached',
  });
  expect(endOf(target, { how: 'signal', signal: 'SIGHUP' })).toMatchObject({ kind: 'signal' });
  expect(endOf(target, { how: 'left' })).toMatchObject({ kind: 'detached' });
});

test.each([
  [{ running: true }, '', 'detached'],
  [{ running: true }, 'it is locked', 'lost'],
  [{ running: false, exit_code: 1 }, 'it has ended', 'ended'],
  [{ running: true, stale: true }, '', 'lost'],
  [{ running: false, exit_code: 1, stale: true }, 'it has ended', 'ended'],
  [undefined, '', 'removed'],
] as const)('where nobody told: %j, %j', async (session, problem, kind) => {
  expect((await farewell(shellWith(session), target, problem)).kind).toBe(kind);
});

test('a session of an agent that the service has not reached yet was not removed', async () => {
  expect(await farewell(shellWith(undefined, ''), target)).toMatchObject({ kind: 'lost' });
});
