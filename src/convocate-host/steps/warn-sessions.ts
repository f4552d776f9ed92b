import { type Step, need } from '../rollout.ts';

/** The seed's second step: name the sessions that stay on an older image, and go on. */
export const warnSessionsOnOldImage: Step = {
  title: 'sessions that stay on an older image until they are cut over',
  isDone: (rollout) => need(rollout, 'plan').warnings.length === 0,
  run: async (rollout) => {
    for (const warning of need(rollout, 'plan').warnings) rollout.reporter.warn(warning);
  },
};
