import { OperatorError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { CLOSE_ROLLOUT, scriptArgv } from '../host-scripts.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import type { RolloutFacts } from '../rollout-facts.ts';
import { lastWords } from './ask-to-arm.ts';
import { DAMAGED_RECORD, WATCHER, askWatcher, isStuck } from './settle-rollout.ts';

/**
 * An earlier rollout whose operator is gone: it is taken back, and the host is looked at again, before this one begins.
 * Where nothing on the host can do that any more, it is closed: this rollout may be what mends the host (decision 8).
 */
export const settleEarlier = (lookAgain: Step): Step => ({
  title: 'taking back an earlier rollout that nobody confirmed',
  changesHost: true,
  isDone: ({ facts }) => facts?.openRollout === undefined && !facts?.damagedRollout,
  run: async (rollout) => {
    const reason = 'another rollout began before it was confirmed';
    const { number } = need(rollout, 'lock');
    await using host = await need(rollout, 'host').reconnect();
    try {
      const { rolled_back } = await askWatcher(host, number, ['go-back', '--reason', reason]);
      if (rolled_back && isStuck(rolled_back)) rollout.reporter.warn(`it stays: ${rolled_back.reason}`);
      else if (rolled_back) rollout.reporter.note(`went back from ${rolled_back.from} to ${rolled_back.to}`);
    } catch (error) {
      const why = await whyNobodyCan(host, need(rollout, 'facts'), error);
      if (why === undefined) throw error;
      await close(rollout, why);
    }
    await lookAgain.run(rollout); // all that was decided was decided about another release
  },
});

/** Why nothing on the host can take the rollout back; undefined where its dead-man may still do so. */
async function whyNobodyCan(
  host: Host,
  { openRollout, damagedRollout }: RolloutFacts,
  error: unknown,
): Promise<string | undefined> {
  if (damagedRollout && isAnswer(error)) return DAMAGED_RECORD;
  const result = await host.run([WATCHER, 'version']);
  const answers = result.exitCode === 0 && (damagedRollout || result.stdout.trim() === openRollout?.from);
  if (answers || KILLED.has(result.exitCode)) return undefined;
  return `the program that would take it back does not run (${WATCHER}: ${lastWords(result)})`;
}

/** Whether the host itself said no: not where it could not be asked, or the program was killed. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof OperatorError)) return true;
  const { exitCode } = error.details;
  return exitCode !== undefined && !KILLED.has(exitCode);
}

/** By TERM or KILL, as where memory runs out: that says nothing of the program. A damaged one ends by other signals. */
const KILLED: ReadonlySet<number> = new Set([128 + 9, 128 + 15]);

/** Under the fence, unlike the question before. */
async function close(rollout: Rollout, why: string): Promise<void> {
  const { rolloutDir, deadManUnit } = AGENT_HOST;
  const argv = scriptArgv(CLOSE_ROLLOUT, rolloutDir, deadManUnit);
  await need(rollout, 'host').check(argv, { timeoutMs: 120_000 });
  const live = need(rollout, 'facts').liveVersion ?? 'what is live';
  rollout.reporter.warn(
    `it could not be taken back, and was closed: ${why}. The host has no way back from ${live}; what lay open is kept in ${rolloutDir}, as *.json.closed`,
  );
}
