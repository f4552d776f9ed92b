import { readlink, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RAISE_FENCE } from '../../protocol/rollout-fence.ts';
import { converge } from '../install/converge.ts';
import { switchLink } from '../install/file-items.ts';
import { releaseItems } from '../install/items.ts';
import { openRelease } from '../release-home.ts';
import type { Armed } from './rollout-state.ts';

/** Changes under way in the agent that is left may take this long to come to their end. */
const GRACE_MS = 10_000;

/** The host has left `version`: its link names another release, or its unit runs another program. */
export async function hasLeft(version: string): Promise<boolean> {
  const live = basename(await readlink(AGENT_HOST.currentLink).catch(() => ''));
  const running = await runningVersion();
  return live !== version || (running !== undefined && running !== version);
}

/**
 * Makes the release that was live before the live one again, all but the restart. It asks nothing of Docker, which
 * may be the very thing that broke.
 */
export async function switchBack(armed: Armed): Promise<void> {
  const release = await openRelease(join(AGENT_HOST.releasesDir, armed.from));
  await converge(await releaseItems(release));
  if (armed.previous === null) await rm(AGENT_HOST.previousLink, { force: true });
  else await switchLink(AGENT_HOST.previousLink, join(AGENT_HOST.releasesDir, armed.previous));
}

/**
 * Ends the rollout's own work on this host, and keeps whatever of it comes late from doing anything. A number that was
 * raised already, by another operator or by a dead-man that was killed just then, is left alone, unless older work
 * outlived that: whoever raised it may have come no further.
 */
export async function shutOut(isNewest: boolean): Promise<void> {
  const { rolloutDir, rolloutWorkLock, oldRolloutWorkLock } = AGENT_HOST;
  const raise = 'raise_fence "$1" "$2" "$3"';
  const isDone = 'open_place "$2" && flock -w 5 "$2" true && own_old "$3"';
  const script = `${RAISE_FENCE}\n${isNewest ? raise : `${isDone} || ${raise}`}`;
  await runChecked(['sh', '-c', script, 'raise-fence', rolloutDir, rolloutWorkLock, oldRolloutWorkLock]);
}

/** Has the unit run the release that is live now. Sessions go on running. Does nothing where it runs that already. */
export async function restartInto(version: string): Promise<void> {
  if ((await runningVersion()) === version && (await show('ActiveState')) === 'active') return;
  const kill = ['systemctl', 'kill', '--signal=KILL', AGENT_HOST.unit];
  // One that hangs before it is up would be waited for in vain; one that is up may bring changes to their end.
  if ((await show('ActiveState')) !== 'active') await runCommand(kill);
  await runCommand(['systemctl', 'reset-failed', AGENT_HOST.unit]);
  const grace = setTimeout(() => {
    void show('ActiveState').then((state) => (state === 'deactivating' ? runCommand(kill) : undefined));
  }, GRACE_MS);
  try {
    await runChecked(['systemctl', 'restart', AGENT_HOST.unit], { timeoutMs: 90_000 });
  } finally {
    clearTimeout(grace);
  }
}

/** The version whose program the unit's process runs, whatever the links say. */
async function runningVersion(): Promise<string | undefined> {
  const program = await readlink(`/proc/${await show('MainPID')}/exe`).catch(() => undefined);
  return program === undefined ? undefined : basename(dirname(dirname(program)));
}

/** What the dead-man looks at four times a second: one question for both. */
export async function unitState(): Promise<{ readonly activeState: string; readonly restarts: number }> {
  const { stdout } = await runCommand(['systemctl', 'show', AGENT_HOST.unit, '-p', 'ActiveState,NRestarts']);
  const valueOf = (property: string): string =>
    stdout
      .split('\n')
      .find((line) => line.startsWith(`${property}=`))
      ?.slice(property.length + 1) ?? '';
  return { activeState: valueOf('ActiveState'), restarts: Number(valueOf('NRestarts')) };
}

async function show(property: string): Promise<string> {
  const { stdout } = await runCommand(['systemctl', 'show', AGENT_HOST.unit, '-p', property, '--value']);
  return stdout.trim();
}
