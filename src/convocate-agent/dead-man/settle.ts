import { pollUntil } from '../../base/deadline.ts';
import { OperationError, RefusedError } from '../../base/errors.ts';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import type { Armed } from '../../protocol/armed.ts';
import type { RolledBack } from '../../protocol/rpc.ts';
import { converge } from '../install/converge.ts';
import { dropBallast } from './ballast.ts';
import { liveVersion } from './go-back.ts';
import { RolloutFiles } from './rollout-state.ts';
import { deadManItems } from './unit.ts';

/** How a rollout on this host ended. */
export type Ending =
  | { readonly ending: 'confirmed' }
  | { readonly ending: 'rolled_back'; readonly rolled_back: RolledBack }
  /** There was none open, and none that was taken back; or one that stays though it had to be, as `rolled_back` says. */
  | { readonly ending: 'none'; readonly rolled_back?: RolledBack };

/** Going back restarts the agent, which may take what its unit allows for ending and for starting. */
const RETURN_MS = 150_000;

/**
 * The rollout of that number stays: the dead-man is sent home. Where it was quicker, tells of the release that it went
 * back to.
 */
export async function disarm(rollout: number, files = new RolloutFiles()): Promise<Ending> {
  const state = await files.read();
  if (state.kind === 'armed') await requireActivated(rollout, state.armed);
  if (!(await files.confirm())) return await endingOf(files);
  await runChecked(['systemctl', 'stop', AGENT_HOST.deadManUnit]);
  await dropBallast();
  return { ending: 'confirmed' };
}

/**
 * Has the dead-man take an open rollout back now, and waits until it has. Only for whoever took the lock last: their own
 * rollout, or one that was left open. Not behind the fence, which the dead-man shuts.
 */
export async function askBack(rollout: number, reason: string, files = new RolloutFiles()): Promise<Ending> {
  if ((await files.read()).kind === 'armed') {
    const newest = await files.newestRollout();
    if (newest !== rollout) throw notYours(rollout, newest);
    await files.requestReturn(reason);
  }
  return await endingOf(files);
}

/** What was proven has to be what is live: somebody may have switched the host by hand meanwhile. */
async function requireActivated(rollout: number, armed: Armed): Promise<void> {
  if (armed.rollout !== rollout) throw notYours(rollout, armed.rollout);
  const live = await liveVersion();
  if (live !== armed.to)
    throw new OperationError(`${live ?? 'no release'} is live on this host by its link, not ${armed.to}`);
}

function notYours(rollout: number, newest: number): RefusedError {
  return new RefusedError(`rollout ${rollout} lost this host to rollout ${newest}`);
}

/** Where its unit was lost, or changed by others, it is put right: nothing else would ever close the rollout. */
async function startDeadMan(): Promise<void> {
  const start = ['systemctl', 'start', AGENT_HOST.deadManUnit];
  const { exitCode } = await runCommand(start, { timeoutMs: RETURN_MS });
  if (exitCode === 0) return;
  await converge(deadManItems());
  await runChecked(start, { timeoutMs: RETURN_MS });
}

async function endingOf(files: RolloutFiles): Promise<Ending> {
  if ((await files.read()).kind !== 'settled') {
    await startDeadMan();
    await pollUntil(async () => ((await files.read()).kind === 'settled' ? true : undefined), {
      timeoutMs: RETURN_MS,
      intervalMs: 100,
      what: 'going back',
    });
  }
  const rolled_back = await files.returned();
  if (!rolled_back) return { ending: 'none' };
  return { ending: rolled_back.to === rolled_back.from ? 'none' : 'rolled_back', rolled_back };
}
