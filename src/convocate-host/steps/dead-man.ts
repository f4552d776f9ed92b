import { OperationError, OperatorError, RolledBackError, messageOf } from '../../base/errors.ts';
import type { RolledBack } from '../../protocol/rpc.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { askToArm } from './ask-to-arm.ts';
import { InconclusiveError } from './confirm-healthy.ts';
import { isStuck, servedRelease, settle } from './settle-rollout.ts';
import { waitForAnswer } from './wait-for-answer.ts';

/**
 * Before anything changes: the release that is live now is told to take its place back, by itself, unless the rollout
 * is confirmed in time (decision 8). From here on nothing depends on this machine, or on the network.
 */
export const armDeadMan: Step = {
  title: 'arming the dead-man timer',
  isDone: ({ plan }) => plan?.fromVersion === undefined || plan.fromVersion === plan.version,
  run: async (rollout) => {
    const { fromVersion: from = '' } = need(rollout, 'plan');
    const { confirmMs } = rollout.options;
    rollout.deadMan = { from, deadline: performance.now() + confirmMs }; // it may be armed though its answer is lost
    const answer = await askToArm(rollout, from);
    if (answer.armed) {
      rollout.reporter.note(`not confirmed within ${confirmMs / 1000} s, it goes back to ${from} by itself`);
      return;
    }
    delete rollout.deadMan;
    rollout.reporter.warn(`no way back: the live release ${from} is not whole (${answer.why})`);
  },
  undo: takeBack,
};

/** The release is proven: from here on it stays. */
export const disarmDeadMan: Step = {
  title: 'confirming: the dead-man timer is disarmed',
  isDone: ({ deadMan }) => deadMan === undefined,
  run: async (rollout) => {
    const { version } = need(rollout, 'plan');
    const { ending, rolled_back } = await settle(rollout, ['disarm']);
    const stuck = rolled_back && isStuck(rolled_back) ? rolled_back : undefined;
    const serves = ending === 'none' || stuck ? await servedRelease(rollout) : undefined;
    delete rollout.deadMan;
    if (ending === 'confirmed') return;
    // "none" answers a second try, after the first one's answer was lost. It also answers long after the host went back,
    // when another rollout has taken that off the record: then it serves something else.
    if (serves?.live === version && serves.running === version) {
      if (stuck) rollout.reporter.warn(`it was to be taken back, and stays: ${stuck.reason}`);
      return;
    }
    if (stuck) throw stuckOn(rollout, stuck, `${version} was proven too late`);
    throw new RolledBackError(`${version} was proven too late; the host had gone back`, {
      host: rollout.hostName,
      ...(serves && { output: `it serves ${serves.live ?? 'no release'}, and runs ${serves.running}` }),
      ...(rolled_back && { output: rolled_back.reason }),
      hint: 'give it more time with --confirm-timeout, and run the same command again',
    });
  },
};

function stuckOn(
  { hostName }: Rollout,
  { to, reason }: RolledBack,
  what: string,
  cause?: unknown,
): OperationError {
  return new OperationError(`${what}; the host could not go back, and stays on ${to}`, {
    host: hostName,
    output: reason,
    hint: 'look at it at once, its sessions run on; an update, to this release or another, mends what it can',
    cause,
  });
}

/**
 * Throws {@link RolledBackError} where the host had to go back, and has, and OperationError where it could not; nothing
 * where there was nothing to take back.
 */
async function takeBack(rollout: Rollout, error: unknown): Promise<void> {
  const { deadMan } = rollout;
  if (!deadMan) return;
  rollout.reporter.step(`going back to ${deadMan.from}`);
  const { ending, rolled_back } = await settle(rollout, ['go-back', '--reason', messageOf(error)]);
  delete rollout.deadMan;
  if (rolled_back && isStuck(rolled_back)) throw stuckOn(rollout, rolled_back, messageOf(error), error);
  if (ending !== 'rolled_back' || !rolled_back) return;
  const details = error instanceof OperatorError ? error.details : {};
  const { to, reason } = rolled_back;
  const silence = await silenceOf(rollout, to);
  const why = messageOf(error).startsWith(reason) ? '' : ` (${reason})`;
  const next =
    error instanceof InconclusiveError
      ? `; ${details.hint}`
      : ', its sessions ran on; mend the cause, then roll out again';
  throw new RolledBackError(`${messageOf(error)}; the host went back to ${to}${why}`, {
    ...details,
    host: rollout.hostName,
    hint:
      silence === undefined
        ? `it serves ${to} as before${next}`
        : `look at it at once: that ${to} answers was not seen (${silence}); its sessions run on`,
    cause: error,
  });
}

/** Why the release that is live again was not seen to answer; undefined where it was. */
async function silenceOf({ record }: Rollout, version: string): Promise<string | undefined> {
  if (!record) return 'it is not registered here yet, so it cannot be asked';
  try {
    await waitForAnswer(record, { version }, 20_000);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
