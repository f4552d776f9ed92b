import { type Rollout, type Step, need, runSteps } from '../rollout.ts';
import { activate } from '../steps/activate.ts';
import { checkFiles } from '../steps/check-files.ts';
import { confirmHealthy } from '../steps/confirm-healthy.ts';
import { connect } from '../steps/connect.ts';
import { armDeadMan, disarmDeadMan } from '../steps/dead-man.ts';
import { gatherFacts, refuseUnfit } from '../steps/gather-facts.ts';
import { noteSessions } from '../steps/note-sessions.ts';
import { pruneReleases } from '../steps/prune-releases.ts';
import { restartAgent } from '../steps/restart-agent.ts';
import { settleEarlier } from '../steps/settle-earlier.ts';
import { stageFiles } from '../steps/stage-files.ts';
import { stageImage } from '../steps/stage-image.ts';
import { takeLock } from '../steps/take-lock.ts';
import { warnSessionsOnOldImage } from '../steps/warn-sessions.ts';
import { type DryRunOutput, dryRun } from './dry-run.ts';
import { tellOutcome } from './tell-outcome.ts';

/**
 * `convocate-host update`: one release onto one host, in the seed's order. Up to `activate` nothing has an effect
 * there; from `armDeadMan` on, the host goes back by itself unless `disarmDeadMan` is reached (decision 8).
 */
export const UPDATE: readonly Step[] = [
  connect,
  takeLock,
  gatherFacts,
  settleEarlier(gatherFacts),
  refuseUnfit,
  warnSessionsOnOldImage,
  checkFiles,
  stageFiles,
  stageImage,
  noteSessions,
  armDeadMan,
  activate,
  restartAgent,
  confirmHealthy,
  disarmDeadMan,
  pruneReleases,
];

export async function update(rollout: Rollout): Promise<void> {
  await runSteps(UPDATE, rollout);
  const { version } = need(rollout, 'plan');
  tellOutcome(rollout, 'updated', (seconds) => ({
    changed: `updated to ${version} in ${seconds} s, ${rollout.sentBytes} bytes sent`,
    unchanged: `nothing to do: it has ${version}, whole and running`,
  }));
}

/** What {@link update} would do. */
export async function dryRunUpdate(rollout: Rollout, output: DryRunOutput): Promise<void> {
  await dryRun(rollout, gatherFacts, output);
}
