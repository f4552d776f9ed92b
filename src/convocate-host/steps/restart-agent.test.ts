import { describe, expect, test } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { rolloutOn, runStep } from '../rollout-fixture.ts';
import { restartAgent } from './restart-agent.ts';

describe('restarting the agent', () => {
  const reset: ExpectedCall = {
    argv: ['systemctl', 'reset-failed', 'convocate-agent.service'],
    answer: { exitCode: 1 },
  };
  const restart = ['systemctl', 'restart', 'convocate-agent.service'];

  test('forgets earlier failures first', async () => {
    await runStep(restartAgent, [reset, { argv: restart }]);
  });

  test('that fails is told with the journal, never hidden', async () => {
    const journal = ['journalctl', '-u', 'convocate-agent.service', '-n', '12', '--no-pager', '-o', 'cat'];
    const failing = runStep(restartAgent, [
      reset,
      { argv: restart, answer: { exitCode: 1, stderr: 'Job failed.' } },
      { argv: journal, answer: { stdout: 'listen EADDRINUSE :222\n' } },
    ]);
    await expect(failing).rejects.toMatchObject({
      message: 'the agent service did not start',
      details: { host: 'agent-a', argv: restart, exitCode: 1, output: 'listen EADDRINUSE :222\n' },
    });
  });

  test('is needed by the plan, or by what another step changed', () => {
    const rollout = rolloutOn(fakeHost('agent-a', []));
    expect(restartAgent.isDone?.(rollout)).toBe(true);
    rollout.mustRestart = true;
    expect(restartAgent.isDone?.(rollout)).toBe(false);
  });
});
