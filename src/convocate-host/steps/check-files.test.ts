import { expect, test } from 'vitest';
import type { CommandResult } from '../../base/run-command.ts';
import { fakeHost } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { scriptArgv } from '../host-scripts.ts';
import { isNothingToDo } from '../plan.ts';
import { CHECK_RELEASE } from '../release-scripts.ts';
import { type ToldRollout, planWith, rolloutOn, runStep } from '../rollout-fixture.ts';
import { need } from '../rollout.ts';
import { checkFiles } from './check-files.ts';

const argv = scriptArgv(CHECK_RELEASE, AGENT_HOST.libDir, 'v2', AGENT_HOST.allowedSignersFile);
const check = async (answer: Partial<CommandResult>): Promise<ToldRollout> =>
  await runStep(checkFiles, [{ argv, answer }]);

test('a release whose files are whole leaves nothing to do', async () => {
  const { plan, said } = await check({});
  expect([plan && isNothingToDo(plan), said]).toEqual([true, []]);
});

test('what is damaged has the release staged, activated and started anew, and is named', async () => {
  const rollout = await check({ exitCode: 9, stdout: 'runtime/node\nlib/convocate-agent.mjs\n' });
  expect(need(rollout, 'plan')).toMatchObject({ stageRelease: true, activate: true, restart: true });
  expect(rollout.mended).toEqual(['runtime/node', 'lib/convocate-agent.mjs']);
  expect(rollout.said).toEqual([
    'warn release v2 is not whole on the host (runtime/node, lib/convocate-agent.mjs); it is staged anew',
  ]);
});

test('a check that cannot be made ends the rollout', async () => {
  await expect(check({ exitCode: 127, stderr: 'sh: sed: not found' })).rejects.toMatchObject({
    message: 'the files of release v2 could not be checked on the host',
    details: { host: 'agent-a', exitCode: 127, output: 'sh: sed: not found' },
  });
});

test('is passed over where the release is staged in any case', () => {
  const rollout = rolloutOn(fakeHost('agent-a', []), planWith({ stageRelease: true }));
  expect(checkFiles.isDone?.(rollout)).toBe(true);
});
