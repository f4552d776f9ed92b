import { takeLock as takeRolloutLock } from '../lock.ts';
import { type Step, need } from '../rollout.ts';

export const takeLock: Step = {
  title: 'taking the rollout lock',
  run: async (rollout) => {
    rollout.lock = await takeRolloutLock(need(rollout, 'host'));
  },
};
