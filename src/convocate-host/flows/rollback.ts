import { formatPlan, planToJson } from '../format-plan.ts';
import { isNothingToDo } from '../plan.ts';
import { type Rollout, type Step, need, runSteps } from '../rollout.ts';
import { activate } from '../steps/activate.ts';
import { chooseRelease, proveRelease } from '../steps/choose-release.ts';
import { confirmHealthy } from '../steps/confirm-healthy.ts';
import { connect } from '../steps/connect.ts';
import { armDeadMan, disarmDeadMan, settleEarlier } from '../steps/dead-man.ts';
import { refuseUnfit, unfit } from '../steps/gather-facts.ts';
import { restartAgent } from '../steps/restart-agent.ts';
import { takeLock } from '../steps/take-lock.ts';
import { warnSessionsOnOldImage } from '../steps/warn-sessions.ts';

export interface RollbackOptions {
  /** Default: the release that was live before the one that is. */
  readonly to: string | undefined;
}

/** `convocate-host rollback`: the way of an update without anything to send, from the release that is live now. */
export function rollbackSteps(choose: Step): readonly Step[] {
  return [
    connect,
    takeLock,
    choose,
    settleEarlier(choose),
    refuseUnfit,
    proveRelease,
    warnSessionsOnOldImage,
    armDeadMan,
    activate,
    restartAgent,
    confirmHealthy,
    disarmDeadMan,
  ];
}

export async function rollback(rollout: Rollout, { to }: RollbackOptions): Promise<void> {
  await runSteps(rollbackSteps(chooseRelease(to)), rollout);
  const plan = need(rollout, 'plan');
  const unchanged = isNothingToDo(plan);
  const seconds = ((performance.now() - rollout.startedAt) / 1000).toFixed(1);
  rollout.reporter.result(
    {
      outcome: unchanged ? 'unchanged' : 'rolled_back',
      from: plan.fromVersion ?? null,
      version: plan.version,
      sent_bytes: rollout.sentBytes,
      answered_ms: rollout.answeredMs === undefined ? null : Math.round(rollout.answeredMs),
      sessions_on_older_image: plan.warnings.length,
    },
    unchanged
      ? `nothing to do: ${plan.version} is live and running`
      : `back on ${plan.version} after ${seconds} s, nothing was sent`,
  );
}

/** What {@link rollback} would do: reads the host, takes no lock, changes nothing. */
export async function dryRunRollback(
  rollout: Rollout,
  { to }: RollbackOptions,
  print: (text: string) => void,
  json: boolean,
): Promise<void> {
  await runSteps([connect, chooseRelease(to)], rollout);
  const plan = need(rollout, 'plan');
  print(json ? JSON.stringify(planToJson(rollout.hostName, plan)) : formatPlan(rollout.hostName, plan));
  if (plan.refusals.length > 0) throw unfit(rollout);
}
