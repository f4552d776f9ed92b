import * as z from 'zod/mini';
import { OperationError } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { CommandResult } from '../../base/run-command.ts';
import type { Host } from '../../host-access/host.ts';
import { type Rollout, need } from '../rollout.ts';
import { readRollout } from '../rollout-facts.ts';
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
  const { openRollout, damagedRollout } = await readRollout(host);
  if (openRollout === undefined && !damagedRollout) {
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

/**
 * Why a program cannot run its verbs: missing, damaged, or older than this one; undefined where it can. One that says in
 * its own words why it did not arm can; of any other, what it answers to the smallest of its verbs decides.
 */
async function whyUnable(host: Host, version: string, result: CommandResult): Promise<string | undefined> {
  const { exitCode, stderr } = result;
  if (exitCode === 126 || exitCode === 127) return lastWords(result);
  if (exitCode === 2 && stderr.includes("unknown command 'arm'")) return lastWords(result);
  if (exitCode > 0 && exitCode < 128 && OWN_WORDS.test(stderr)) return undefined;
  const again = await host.run(stagedProgram(version, 'version'));
  return again.exitCode === 0 && again.stdout.trim() === version ? undefined : lastWords(result);
}

/** As every program of ours begins what it tells of an operator's mistake, or of an operation that failed. */
const OWN_WORDS = /^error: /m;

/** What a program said last of why it ended; of Node's words over a broken program, the line that names the error. */
export function lastWords({ exitCode, stderr }: CommandResult): string {
  const lines = stderr.trim().split('\n');
  const words = lines.findLast((line) => /^\w*Error\b.*: /.test(line)) ?? lines.at(-1);
  return words || (exitCode === 0 ? 'it ends without an answer' : `exit ${exitCode}`);
}
