import { formatPlan, planToJson } from '../format-plan.ts';
import { lookAtLock } from '../lock.ts';
import { type Rollout, type Step, need, runSteps } from '../rollout.ts';
import { connect } from '../steps/connect.ts';
import { unfit } from '../steps/gather-facts.ts';

export interface DryRunOutput {
  readonly print: (text: string) => void;
  readonly json: boolean;
}

/** Prints the plan that `decide` makes of the host: takes no lock, changes nothing. Throws where it refuses. */
export async function dryRun(rollout: Rollout, decide: Step, { print, json }: DryRunOutput): Promise<void> {
  await runSteps([connect, lookForRollouts, decide], rollout);
  const { hostName, reporter } = rollout;
  const plan = need(rollout, 'plan');
  const { openRollout, damagedRollout } = need(rollout, 'facts');
  if (damagedRollout)
    reporter.warn(
      'the record of an earlier rollout is damaged; it would be closed first, with no way back from what is live',
    );
  else if (openRollout !== undefined)
    reporter.warn(
      'an earlier rollout was not confirmed; it would be taken back first, and the plan be another',
    );
  print(json ? JSON.stringify(planToJson(hostName, plan)) : formatPlan(hostName, plan));
  if (plan.refusals.length > 0) throw unfit(rollout);
}

const lookForRollouts: Step = {
  title: 'looking for another rollout',
  run: async (rollout) => {
    const holder = await lookAtLock(need(rollout, 'host'));
    if (holder) rollout.reporter.warn(`another rollout is under way: held ${holder}`);
  },
};
