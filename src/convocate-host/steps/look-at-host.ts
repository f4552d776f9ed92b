import { gatherFacts } from '../facts.ts';
import { type Step, need } from '../rollout.ts';

/** Facts alone, where nothing is to be decided. */
export const lookAtHost: Step = {
  title: 'looking at the host',
  run: async (rollout) => {
    rollout.facts = await gatherFacts(need(rollout, 'host'), []);
  },
};
