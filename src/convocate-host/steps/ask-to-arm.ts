import * as z from 'zod/mini';
import { OperationError } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { CommandResult } from '../../base/run-command.ts';
import type { Host } from '../../host-access/host.ts';
import { gatherFacts as readFacts } from '../facts.ts';
import { type Rollout, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';

const Armed = z.union([
  z.object({ armed: z.literal(true) }),
  z.object({ armed: z.literal(false), why: z.string() }),
]);
type Armed = z.infer<typeof Armed>;

const ARM_MS = 120_000;

/**
 * Has `from`, the live release, watch the rollout. `armed: false` is for a release that is not whole, or cannot run its
 * own verbs, or does not have this one yet: it is no way back, and the rollout may be what mends it. Throws
 * OperationError where it could have armed and did not; `deadMan` stays set then as long as a rollout is open there.
 */
export async function askToArm(rollout: Rollout, from: string): Promise<Armed> {
  const host = need(rollout, 'host');
  const number = String(need(rollout, 'lock').number);
  const window = String(rollout.options.confirmMs / 1000);
  const { version } = need(rollout, 'plan');
  const argv = stagedProgram(from, 'arm', '--rollout', number, '--to', version, '--window', window);
  const result = await host.run(argv, { timeoutMs: ARM_MS });
  const answer = Armed.safeParse(parseJson(result.stdout));
  if (result.exitCode === 0 && answer.success) return answer.data;

  // It may have been killed after it had armed: how far it came is for the host to say.
  const { openRollout } = await readFacts(host, []);
  if (openRollout === undefined) {
    delete rollout.deadMan;
    const why = await whyUnable(host, from, result);
    if (why !== undefined) return { armed: false, why };
  }
  throw new OperationError('the dead-man timer could not be armed, so nothing was activated', {
    host: host.name,
    argv,
    exitCode: result.exitCode,
    output: result.stderr,
    hint:
      result.exitCode >= 128
        ? 'it was killed: see the journal of the host for what did that, then run the same command again'
        : 'mend that, then run the same command again',
  });
}

/** Why a program cannot run its verbs: missing, damaged, or older than this one; undefined where it can. */
async function whyUnable(
  host: Host,
  version: string,
  { exitCode, stderr }: CommandResult,
): Promise<string | undefined> {
  const lastWords = stderr.trim().split('\n').at(-1) || `exit ${exitCode}`;
  if (exitCode === 126 || exitCode === 127) return lastWords;
  if (exitCode === 2) return stderr.includes("unknown command 'arm'") ? lastWords : undefined;
  if (exitCode < 128) return undefined;
  // Ended by a signal. A damaged program ends so whatever it is asked; one that somebody killed can still answer.
  const { exitCode: again } = await host.run(stagedProgram(version, 'version'));
  return again === 0 ? undefined : lastWords;
}
