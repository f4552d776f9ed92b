import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { OperationError } from '../../base/errors.ts';
import { type Step, need } from '../rollout.ts';

/** The seed's seventh step. Sessions go on running; the agent finds them again from Docker. */
export const restartAgent: Step = {
  title: `restarting ${AGENT_HOST.unit}; sessions go on running`,
  changesHost: true,
  isDone: (rollout) => !need(rollout, 'plan').restart && !rollout.mustRestart,
  run: async (rollout) => {
    const host = need(rollout, 'host');
    const argv = ['systemctl', 'restart', AGENT_HOST.unit];
    // A unit that failed too often refuses to start until it is told that somebody is looking after it.
    await host.run(['systemctl', 'reset-failed', AGENT_HOST.unit]);
    const result = await host.run(argv, { timeoutMs: 90_000 });
    if (result.exitCode === 0) return;
    const journal = await host.run([
      'journalctl',
      '-u',
      AGENT_HOST.unit,
      '-n',
      '12',
      '--no-pager',
      '-o',
      'cat',
    ]);
    throw new OperationError('the agent service did not start', {
      host: host.name,
      argv,
      exitCode: result.exitCode,
      output: journal.stdout || result.stderr,
      hint: 'its sessions run on; roll out the version before this one, or mend the cause and run this again',
    });
  },
};
