import { behindFence, takeLock as takeRolloutLock } from '../lock.ts';
import { type Step, need } from '../rollout.ts';

export const takeLock: Step = {
  title: 'taking the rollout lock',
  run: async (rollout) => {
    const host = need(rollout, 'host');
    const lock = await takeRolloutLock(host);
    rollout.lock = lock;
    // From here on the host itself sees to it that nothing is done once the lock is another's.
    rollout.host = behindFence(host, lock);
  },
};
