import { RefusedError } from '../../base/errors.ts';
import { formatPlan, planToJson } from '../format-plan.ts';
import { lookAtLock } from '../lock.ts';
import { isNothingToDo } from '../plan.ts';
import { type Rollout, type Step, need, runSteps } from '../rollout.ts';
import { activate } from '../steps/activate.ts';
import { confirmHealthy } from '../steps/confirm-healthy.ts';
import { connect } from '../steps/connect.ts';
import { armDeadMan, disarmDeadMan, settleEarlier } from '../steps/dead-man.ts';
import { gatherFacts, refuseUnfit, unfit } from '../steps/gather-facts.ts';
import { pruneReleases } from '../steps/prune-releases.ts';
import { restartAgent } from '../steps/restart-agent.ts';
import { stageFiles } from '../steps/stage-files.ts';
import { stageImage } from '../steps/stage-image.ts';
import { takeLock } from '../steps/take-lock.ts';
import { warnSessionsOnOldImage } from '../steps/warn-sessions.ts';

/**
 * `convocate-host update`: one release onto one host, in the seed's order. Up to `activate` nothing has an effect
 * there; from `armDeadMan` on, the host goes back by itself unless `disarmDeadMan` is reached (decision D5).
 */
export const UPDATE: readonly Step[] = [
  connect,
  takeLock,
  gatherFacts,
  settleEarlier(gatherFacts),
  refuseUnfit,
  warnSessionsOnOldImage,
  stageFiles,
  stageImage,
  armDeadMan,
  activate,
  restartAgent,
  confirmHealthy,
  disarmDeadMan,
  pruneReleases,
];

export async function update(rollout: Rollout): Promise<void> {
  await runSteps(UPDATE, rollout);
  const plan = need(rollout, 'plan');
  const unchanged = isNothingToDo(plan);
  const seconds = ((performance.now() - rollout.startedAt) / 1000).toFixed(1);
  rollout.reporter.result(
    {
      outcome: unchanged ? 'unchanged' : 'updated',
      from: plan.fromVersion ?? null,
      version: plan.version,
      sent_bytes: rollout.sentBytes,
      answered_ms: rollout.answeredMs === undefined ? null : Math.round(rollout.answeredMs),
      sessions_on_older_image: plan.warnings.length,
    },
    unchanged
      ? `nothing to do: it has ${plan.version}, whole and running`
      : `updated to ${plan.version} in ${seconds} s, ${rollout.sentBytes} bytes sent`,
  );
}

/** What {@link update} would do: reads the host, takes no lock, changes nothing. */
export async function dryRunUpdate(
  rollout: Rollout,
  print: (text: string) => void,
  json: boolean,
): Promise<void> {
  const lookForRollouts: Step = {
    title: 'looking for another rollout',
    run: async () => {
      const holder = await lookAtLock(need(rollout, 'host'));
      if (holder) rollout.reporter.warn(`another rollout is under way: held ${holder}`);
    },
  };
  await runSteps([connect, lookForRollouts, gatherFacts], rollout);
  const plan = need(rollout, 'plan');
  print(json ? JSON.stringify(planToJson(rollout.hostName, plan)) : formatPlan(rollout.hostName, plan));
  if (plan.refusals.length > 0) throw unfit(rollout);
}

/** For commands that need root here, where the cluster's keys are. */
export function requireRoot(command: string): void {
  if (process.getuid?.() === 0) return;
  throw new RefusedError(`${command} needs root on this machine, because the cluster's keys are root's`, {
    hint: `run: sudo convocate-host ${command} …`,
  });
}
