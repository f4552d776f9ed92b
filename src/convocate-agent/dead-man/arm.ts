import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { OperationError, RefusedError, messageOf } from '../../base/errors.ts';
import { runChecked } from '../../base/run-command.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { converge } from '../install/converge.ts';
import { switchLink } from '../install/file-items.ts';
import { type InstalledRelease, verifyRelease } from '../release-home.ts';
import { takeBallast } from './ballast.ts';
import { RolloutFiles } from './rollout-state.ts';
import { deadManItems } from './unit.ts';
import { uptimeSeconds } from './uptime.ts';

export interface ArmOptions {
  /** The fence's number of the rollout. */
  readonly rollout: number;
  /** The release that is about to be activated. */
  readonly to: string;
  /** Seconds from now in which it has to be confirmed. */
  readonly windowS: number;
}

/** A live release that is damaged is no way back; a rollout may be what mends it, so that is an answer, no error. */
export type ArmAnswer = { readonly armed: true } | { readonly armed: false; readonly why: string };

/**
 * Before another release is activated: proves that the live one, which `openOwn` opens and which this program is of, is
 * whole, so that there is a way back, and has its dead-man watch from here on. Comes back when that runs; throws where
 * it does not start.
 */
export async function arm(
  openOwn: () => Promise<InstalledRelease>,
  { rollout, to, windowS }: ArmOptions,
): Promise<ArmAnswer> {
  const files = new RolloutFiles();
  if ((await files.read()).kind !== 'settled') {
    throw new RefusedError('an earlier rollout is still open on this host', {
      hint: 'wait until it is confirmed or taken back; `convocate-host status` shows which',
    });
  }
  const own = await openOwn().catch(messageOf);
  if (typeof own === 'string') return { armed: false, why: own };
  const from = own.manifest.version;
  const live = await nameAt(AGENT_HOST.currentLink);
  if (live !== from) throw new RefusedError(`release ${from} is not the live one here; ${live} is`);
  const proof = verifyRelease(own).then(() => undefined, messageOf); // meanwhile, what does no harm without it
  await switchLink(AGENT_HOST.wayBackLink, own.directory);
  await converge(deadManItems());
  const damage = await proof;
  if (damage !== undefined) return { armed: false, why: damage };
  await takeBallast();
  const previous = (await nameAt(AGENT_HOST.previousLink)) ?? null;
  const deadline_s = (await uptimeSeconds()) + windowS;
  await files.arm({ rollout, from, to, previous, deadline_s, window_s: windowS });
  await startDeadMan(files);
  return { armed: true };
}

async function startDeadMan(files: RolloutFiles): Promise<void> {
  try {
    await runChecked(['systemctl', 'restart', AGENT_HOST.deadManUnit], { timeoutMs: 90_000 });
  } catch (cause) {
    await files.confirm(); // nothing was switched yet: there is nothing to take back
    throw new OperationError('the dead-man timer did not start, so nothing was activated', {
      hint: `look at it with: journalctl -u ${AGENT_HOST.deadManUnit}`,
      cause,
    });
  }
}

async function nameAt(link: string): Promise<string | undefined> {
  const target = await readlink(link).catch(() => undefined);
  return target === undefined ? undefined : basename(target);
}
