import { type Rollout, type Step, need, runSteps } from '../rollout.ts';
import { activate } from '../steps/activate.ts';
import { chooseRelease, proveRelease } from '../steps/choose-release.ts';
import { confirmHealthy } from '../steps/confirm-healthy.ts';
import { connect } from '../steps/connect.ts';
import { armDeadMan, disarmDeadMan } from '../steps/dead-man.ts';
import { refuseUnfit } from '../steps/gather-facts.ts';
import { noteSessions } from '../steps/note-sessions.ts';
import { restartAgent } from '../steps/restart-agent.ts';
import { settleEarlier } from '../steps/settle-earlier.ts';
import { takeLock } from '../steps/take-lock.ts';
import { warnSessionsOnOldImage } from '../steps/warn-sessions.ts';
import { type DryRunOutput, dryRun } from './dry-run.ts';
import { tellOutcome } from './tell-outcome.ts';

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
    noteSessions,
    armDeadMan,
    activate,
    restartAgent,
    confirmHealthy,
    disarmDeadMan,
  ];
}

export async function rollback(rollout: Rollout, { to }: RollbackOptions): Promise<void> {
  await runSteps(rollbackSteps(chooseRelease(to)), rollout);
  const { version } = need(rollout, 'plan');
  tellOutcome(rollout, 'rolled_back', (seconds) => ({
    changed: `back on ${version} after ${seconds} s, nothing was sent`,
    unchanged: `nothing to do: ${version} is live and running`,
  }));
}

/** What {@link rollback} would do. */
export async function dryRunRollback(
  rollout: Rollout,
  { to }: RollbackOptions,
  output: DryRunOutput,
): Promise<void> {
  await dryRun(rollout, chooseRelease(to), output);
}
