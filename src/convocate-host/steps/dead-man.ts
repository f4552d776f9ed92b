import * as z from 'zod/mini';
import { OperationError, OperatorError, RolledBackError, messageOf } from '../../base/errors.ts';
import type { CommandResult } from '../../base/run-command.ts';
import type { Host } from '../../host-access/host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RolledBack } from '../../protocol/rpc.ts';
import { gatherFacts as readFacts } from '../facts.ts';
import { type DeadMan, type Rollout, type Step, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';
import { waitForAnswer } from './wait-for-answer.ts';

const Armed = z.union([
  z.object({ armed: z.literal(true) }),
  z.object({ armed: z.literal(false), why: z.string() }),
]);
const Ending = z.object({
  ending: z.enum(['confirmed', 'rolled_back', 'none']),
  rolled_back: z.optional(RolledBack),
});
type Ending = z.infer<typeof Ending>;

const ARM_MS = 120_000;
/** Going back restarts the agent: what that may take at most, beyond the dead-man's deadline. */
const GO_BACK_MS = 90_000;
const RETRY_MS = 1_000;

/** A program that cannot even run its own verbs: missing, damaged, ended by a signal, or older than the verb. */
const isUnable = ({ exitCode }: CommandResult): boolean =>
  exitCode === 2 || exitCode === 126 || exitCode === 127 || exitCode >= 128;

/**
 * Before anything changes: the release that is live now is told to take its place back, by itself, unless the rollout
 * is confirmed in time (decision D5). From here on nothing depends on this machine, or on the network.
 */
export const armDeadMan: Step = {
  title: 'arming the dead-man timer',
  isDone: ({ plan }) => plan?.fromVersion === undefined || plan.fromVersion === plan.version,
  run: async (rollout) => {
    const { fromVersion: from = '', version } = need(rollout, 'plan');
    const host = need(rollout, 'host');
    const { confirmMs } = rollout.options;
    const number = String(need(rollout, 'lock').number);
    const window = String(confirmMs / 1000);
    const argv = stagedProgram(from, 'arm', '--rollout', number, '--to', version, '--window', window);
    rollout.deadMan = { from, deadline: performance.now() + confirmMs }; // it may be armed though its answer is lost
    const result = await host.run(argv, { timeoutMs: ARM_MS });
    const answer = result.exitCode === 0 ? Armed.parse(JSON.parse(result.stdout)) : undefined;
    if (answer?.armed) {
      rollout.reporter.note(`not confirmed within ${confirmMs / 1000} s, it goes back to ${from} by itself`);
      return;
    }
    delete rollout.deadMan;
    if (!answer && !isUnable(result)) {
      throw new OperationError('the dead-man timer could not be armed, so nothing was activated', {
        host: host.name,
        argv,
        exitCode: result.exitCode,
        output: result.stderr,
        hint: 'mend that, then run the same command again',
      });
    }
    const why = answer?.why ?? (result.stderr.trim().split('\n').at(-1) || `exit ${result.exitCode}`);
    rollout.reporter.warn(`no way back: the live release ${from} is not whole (${why})`);
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
    delete rollout.deadMan;
    // "none" answers a second try, after the first one's answer was lost: nobody else could have confirmed it.
    if (ending !== 'rolled_back') return;
    throw new RolledBackError(`${version} was proven too late; the host had gone back`, {
      host: rollout.hostName,
      ...(rolled_back && { output: rolled_back.reason }),
      hint: 'give it more time with --confirm-timeout, and run the same command again',
    });
  },
};

/** An earlier rollout whose operator is gone: it is taken back, and the host is looked at again, before this one begins. */
export const settleEarlier = (lookAgain: Step): Step => ({
  title: 'taking back an earlier rollout that nobody confirmed',
  isDone: ({ facts }) => facts?.openRollout === undefined,
  run: async (rollout) => {
    const reason = 'another rollout began before it was confirmed';
    const { number } = need(rollout, 'lock');
    await using host = await need(rollout, 'host').reconnect();
    const { rolled_back } = await askWatcher(host, number, ['go-back', '--reason', reason]);
    if (rolled_back) rollout.reporter.note(`went back from ${rolled_back.from} to ${rolled_back.to}`);
    await lookAgain.run(rollout); // all that was decided was decided about another release
  },
});

/** Throws {@link RolledBackError} where the host had to go back, and has; nothing where there was nothing to take back. */
async function takeBack(rollout: Rollout, error: unknown): Promise<void> {
  const { deadMan } = rollout;
  if (!deadMan) return;
  rollout.reporter.step(`going back to ${deadMan.from}`);
  const { ending, rolled_back } = await settle(rollout, ['go-back', '--reason', messageOf(error)]);
  delete rollout.deadMan;
  if (ending !== 'rolled_back' || !rolled_back) return;
  const details = error instanceof OperatorError ? error.details : {};
  const { to, reason } = rolled_back;
  const answers = await answersAgain(rollout, to);
  const why = messageOf(error).startsWith(reason) ? '' : ` (${reason})`;
  throw new RolledBackError(`${messageOf(error)}; the host went back to ${to}${why}`, {
    ...details,
    host: rollout.hostName,
    hint: answers
      ? `it serves ${to} as before, its sessions ran on; mend the cause, then roll out again`
      : `look at it at once: ${to} does not answer yet; its sessions run on`,
    cause: error,
  });
}

async function answersAgain(rollout: Rollout, version: string): Promise<boolean> {
  try {
    await waitForAnswer(need(rollout, 'record'), { version }, 20_000);
    return true;
  } catch {
    return false;
  }
}

/**
 * Gets the host's word on how the rollout ends, over connections of its own and as often as it takes: whatever broke
 * the rollout may have broken the network too. Where the lock is another's by now, it only watches.
 */
async function settle(rollout: Rollout, verb: readonly string[]): Promise<Ending> {
  const { from, deadline } = rollout.deadMan as DeadMan;
  for (;;) {
    try {
      return await tellHost(rollout, verb);
    } catch (error) {
      if (performance.now() > deadline + GO_BACK_MS) {
        throw new OperationError('how the rollout ended could not be seen from here', {
          host: rollout.hostName,
          output: messageOf(error),
          hint: `the host goes back to ${from} by itself; see \`convocate-host status\` when it can be reached`,
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function tellHost(rollout: Rollout, verb: readonly string[]): Promise<Ending> {
  const { number } = need(rollout, 'lock');
  await using host = await need(rollout, 'host').reconnect();
  const { openRollout, rolledBack } = await readFacts(host, []);
  if (openRollout === undefined) {
    const isNews = rolledBack && rolledBack.at !== rollout.facts?.rolledBack?.at;
    return isNews ? { ending: 'rolled_back', rolled_back: rolledBack } : { ending: 'none' };
  }
  return await askWatcher(host, number, verb);
}

/** A verb of the release that watches, the one that is left; it looks at the rollout's number itself. */
async function askWatcher(host: Host, number: number, verb: readonly string[]): Promise<Ending> {
  const argv = [`${AGENT_HOST.wayBackLink}/convocate-agent`, ...verb, '--rollout', String(number)];
  return Ending.parse(JSON.parse(await host.check(argv, { timeoutMs: GO_BACK_MS })));
}
