import { messageOf } from '../../base/errors.ts';
import { type Step, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';

/** Old releases go; current, previous and whatever a container uses stay. A prune that fails never fails a rollout. */
export const pruneReleases: Step = {
  title: 'pruning releases that nothing needs',
  isDone: (rollout) => !need(rollout, 'plan').activate,
  run: async (rollout) => {
    try {
      await need(rollout, 'host').check(stagedProgram(need(rollout, 'plan').version, 'prune', '--json'));
    } catch (error) {
      rollout.reporter.warn(`pruning failed, which does no harm: ${messageOf(error)}`);
    }
  },
};
