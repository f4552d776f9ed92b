import { expect, test } from 'vitest';
import { fakeHost } from '../host-access/fake-host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { factsLines } from './facts-fixture.ts';
import { scriptArgv } from './host-scripts.ts';
import { READ_ROLLOUT } from './look-scripts.ts';
import { type RolloutFacts, readRollout } from './rollout-facts.ts';

const { libDir, stateDir, unit } = AGENT_HOST;
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const read = (stdout: string): Promise<RolloutFacts> =>
  readRollout(
    fakeHost('agent-a', [{ argv: scriptArgv(READ_ROLLOUT, libDir, stateDir, unit), answer: { stdout } }]),
  );

test('where a host stands between two releases', async () => {
  const rolledBack = { from: 'v2', to: 'v1', reason: 'it is mute', at: '2026-01-02T03:04:05.678Z' };
  const told = factsLines([
    ['rollout', b64({ rollout: 7, from: 'v1', to: 'v2', previous: null, deadline_s: 160.25, window_s: 60 })],
    ['rolled_back', b64(rolledBack)],
    ['current', `${libDir}/releases/v2`],
    ['running', `${libDir}/releases/v1/runtime/node`],
    ['told', 'all'],
  ]);
  expect(await read(told)).toEqual({
    liveVersion: 'v2',
    runningVersion: 'v1',
    openRollout: { from: 'v1', to: 'v2' },
    rolledBack,
  });
});

test.each([
  ['nothing', ''],
  ['half of it', factsLines([['current', `${libDir}/releases/v2`]])],
])('a host that tells %s is not taken for one without a rollout', async (_what, stdout) => {
  await expect(read(stdout)).rejects.toMatchObject({
    message: 'the host told facts that make no sense',
    details: { host: 'agent-a' },
  });
});

test.each([
  ['empty', ''],
  ['no JSON', Buffer.from('{"rollout":7').toString('base64')],
  ['without one of its words', b64({ rollout: 7, from: 'v1', to: 'v2', previous: null, window_s: 60 })],
])('a rollout whose record is %s is open, and told apart', async (_what, record) => {
  const told = factsLines([
    ['rollout', record],
    ['told', 'all'],
  ]);
  expect(await read(told)).toEqual({ damagedRollout: true });
});
