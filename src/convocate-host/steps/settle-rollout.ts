import * as z from 'zod/mini';
import { OperationError, messageOf } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RolledBack } from '../../protocol/rpc.ts';
import { afterChange } from '../after-change.ts';
import { type DeadMan, type Rollout, need } from '../rollout.ts';
import { readRollout } from '../rollout-facts.ts';

const Ending = z.object({
  ending: z.enum(['confirmed', 'rolled_back', 'none']),
  rolled_back: z.optional(RolledBack),
});
/** How a rollout ended, in the host's own words. */
type Ending = z.infer<typeof Ending>;

/** The host had to go back, could not, and stays on the release that was to be left. */
export function isStuck({ from, to }: RolledBack): boolean {
  return from === to;
}

/** Going back restarts the agent: what that may take at most, beyond the dead-man's deadline. */
const GO_BACK_MS = 90_000;
const RETRY_MS = 1_000;

/**
 * Gets the host's word on how the rollout ends. Where the lock is another's by now, it only watches. Throws
 * OperationError where that word does not come until long after the host's own time is up.
 */
export async function settle(rollout: Rollout, verb: readonly string[]): Promise<Ending> {
  return await keepAsking(rollout, async (host) => {
    const { openRollout, damagedRollout, rolledBack } = await readRollout(host);
    if (damagedRollout) throw new DamagedRecord(DAMAGED_RECORD);
    if (openRollout !== undefined) return await askWatcher(host, need(rollout, 'lock').number, verb);
    const isOurs = rolledBack?.from === need(rollout, 'plan').version;
    const isNews = isOurs && rolledBack.at !== rollout.facts?.rolledBack?.at;
    return isNews ? { ending: 'rolled_back', rolled_back: rolledBack } : { ending: 'none' };
  });
}

/** The release that the host serves, by its link, once its service runs some release again. Throws as {@link settle}. */
export async function servedRelease(
  rollout: Rollout,
): Promise<{ readonly live: string | undefined; readonly running: string }> {
  return await keepAsking(rollout, async (host) => {
    const { liveVersion: live, runningVersion: running } = await readRollout(host);
    if (running !== undefined) return { live, running };
    throw new OperationError(`${AGENT_HOST.unit} does not run there`);
  });
}

/** Of a host whose facts say `damagedRollout`. */
export const DAMAGED_RECORD = `the record of an open rollout in ${AGENT_HOST.rolloutDir} is damaged`;

class DamagedRecord extends OperationError {}

/** The program of the release that watches. */
export const WATCHER = `${AGENT_HOST.wayBackLink}/convocate-agent`;

/** A verb of the release that watches, the one that is left; it looks at the rollout's number itself. */
export async function askWatcher(host: Host, number: number, verb: readonly string[]): Promise<Ending> {
  const argv = [WATCHER, ...verb, '--rollout', String(number)];
  return Ending.parse(JSON.parse(await host.check(argv, { timeoutMs: GO_BACK_MS })));
}

/** Over connections of its own, as often as it takes: whatever broke the rollout may have broken the network too. */
async function keepAsking<T>(rollout: Rollout, ask: (host: Host) => Promise<T>): Promise<T> {
  const { from, deadline } = rollout.deadMan as DeadMan;
  for (;;) {
    try {
      await using host = await need(rollout, 'host').reconnect();
      return await ask(host);
    } catch (error) {
      if (performance.now() > deadline + GO_BACK_MS) {
        throw new OperationError('how the rollout ended could not be seen from here', {
          host: rollout.hostName,
          output: messageOf(afterChange(error)),
          hint:
            error instanceof DamagedRecord
              ? 'nothing there can go back by it: run the same command again, which closes it first'
              : `unless it was confirmed, the host goes back to ${from} by itself; see \`convocate-host status\` when it can be reached`,
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
