import { OperationError } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { SEND_AGAIN_EXIT } from '../../protocol/layer-transfer.ts';
import { scriptArgv } from '../host-scripts.ts';
import { CHECK_RELEASE } from '../release-scripts.ts';
import { type Step, need } from '../rollout.ts';

const CHECK_MS = 120_000;

/**
 * Where nothing of the release is missing by name and size, what it holds is looked at as well, by the host's own
 * tools: a program that is damaged cannot tell of it. What is not whole is staged as if it were not there.
 */
export const checkFiles: Step = {
  title: 'checking the files that are there',
  isDone: (rollout) => need(rollout, 'plan').stageRelease,
  run: async (rollout) => {
    const plan = need(rollout, 'plan');
    const host = need(rollout, 'host');
    const argv = scriptArgv(CHECK_RELEASE, AGENT_HOST.libDir, plan.version, AGENT_HOST.allowedSignersFile);
    const result = await host.run(argv, { timeoutMs: CHECK_MS });
    if (result.exitCode === 0) return;
    if (result.exitCode !== SEND_AGAIN_EXIT) {
      throw new OperationError(`the files of release ${plan.version} could not be checked on the host`, {
        host: host.name,
        argv,
        exitCode: result.exitCode,
        output: result.stderr,
        hint: 'mend that on the host, then run the same command again; nothing was activated',
      });
    }
    const damaged = result.stdout.trim().split('\n');
    rollout.reporter.warn(
      `release ${plan.version} is not whole on the host (${damaged.join(', ')}); it is staged anew`,
    );
    rollout.mended = damaged;
    rollout.plan = { ...plan, stageRelease: true, activate: true, restart: true };
  },
};
