import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../cluster/register-agent.ts';
import { shellKeyFor } from '../../cluster/shell-key.ts';
import { fakeHost } from '../../host-access/fake-host.ts';
import { rolloutOn, type ToldRollout } from '../rollout-fixture.ts';
import { record } from './dead-man-fixture.ts';
import { recallAgent } from './recall-agent.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-recall-'));
  const { privateKey, publicLine } = await shellKeyFor(record.agentId, dir);
  const material = {
    shellToAgentPrivateKey: privateKey,
    hostPublicKey: publicLine,
    agentToShellPublicKey: publicLine,
  };
  await registerAgent(record, material, dir);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const on = (hostName: string): ToldRollout => rolloutOn(fakeHost(hostName, []), { hostName });
const damage = (): Promise<void> => writeFile(join(dir, record.agentId, 'agent.json'), '{');

test('a host that is registered is known by its entry, to every step of the rollout', async () => {
  const rollout = on('agent-a');
  expect(await recallAgent(rollout, dir)).toEqual(record);
  expect(rollout.record).toEqual(record);
  expect(rollout.said).toEqual([]);
});

test('a new one is not, and that is nothing to speak of', async () => {
  const rollout = on('agent-b');
  expect(await recallAgent(rollout, dir)).toBeUndefined();
  expect(rollout.record).toBeUndefined();
  expect(rollout.said).toEqual([]);
});

test.each(['agent-a', 'agent-b'])(
  'a damaged entry is told and does not stop %s from being set up',
  async (hostName) => {
    await damage();
    const rollout = on(hostName);
    expect(await recallAgent(rollout, dir)).toBeUndefined();
    expect(rollout.said).toEqual([
      expect.stringMatching(
        /^warn .*abcd1234\/agent\.json is damaged: .*; if that is the entry of this host/,
      ),
    ]);
  },
);
