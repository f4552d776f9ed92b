import { readlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RAISE_FENCE } from '../../protocol/rollout-fence.ts';

/** Changes under way in the agent that is left may take this long to come to their end. */
const GRACE_MS = 10_000;
/** A release that does not start is tried for so long, all in all; one start may take 30 s. */
const RESTART_MS = 60_000;
const PAUSE_MS = 5_000;
/** After a start of the host the agent may wait so long for the network and for Docker, which wait for others. */
const QUEUED_MS = 5 * 60_000;
const QUEUE_LOOK_MS = 1_000;
/** Ending the rollout's work takes 20 s at the most; its unit has 60 s for all that comes before the agent may start. */
const SHUT_OUT_MS = 30_000;

/** The release that the link `current` names. */
export async function liveVersion(): Promise<string | undefined> {
  return await readlink(AGENT_HOST.currentLink).then(basename, () => undefined);
}

/** The host has left `version`: its link names another release, or its unit runs another program. */
export async function hasLeft(version: string): Promise<boolean> {
  const running = await runningVersion();
  return (await liveVersion()) !== version || (running !== undefined && running !== version);
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
  const argv = ['sh', '-c', script, 'raise-fence', rolloutDir, rolloutWorkLock, oldRolloutWorkLock];
  await runChecked(argv, { timeoutMs: SHUT_OUT_MS });
}

/**
 * Has the unit run `version`, the release that is live now. Sessions go on running. Does nothing where it runs that
 * already and `isStamped`; where not, it is started anew once, for at its start it mends the stamp. Gives back why it does
 * not come up; systemd goes on trying then, and the next rollout may begin.
 */
export async function restartInto(
  version: string,
  isStamped: () => Promise<boolean>,
): Promise<string | undefined> {
  await untilNotQueued();
  const endsAt = performance.now() + RESTART_MS;
  let problem: string | undefined;
  for (;;) {
    if ((await isUp(version)) && (problem !== undefined || (await isStamped()))) return undefined;
    const leftMs = endsAt - performance.now();
    if (problem !== undefined && leftMs < PAUSE_MS) return problem;
    problem = await restart(leftMs).then(() => undefined, messageOf);
    if (problem === undefined) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function isUp(version: string): Promise<boolean> {
  return (await runningVersion()) === version && (await show('ActiveState')) === 'active';
}

/**
 * systemd has yet to begin with its start, and its reasons to wait: neither to be hurried, nor to be called silent. Unlike
 * one that is being started, which may hang.
 */
async function untilNotQueued(): Promise<void> {
  const endsAt = performance.now() + QUEUED_MS;
  while (performance.now() < endsAt) {
    const isBefore = (await show('ActiveState')) === 'inactive';
    if (!isBefore || /^0?$/.test(await show('Job'))) return;
    await new Promise((resolve) => setTimeout(resolve, QUEUE_LOOK_MS));
  }
}

async function restart(timeoutMs: number): Promise<void> {
  const kill = ['systemctl', 'kill', '--signal=KILL', AGENT_HOST.unit];
  // One that hangs before it is up would be waited for in vain; one that is up may bring changes to their end.
  if ((await show('ActiveState')) !== 'active') await runCommand(kill);
  await runCommand(['systemctl', 'reset-failed', AGENT_HOST.unit]);
  const grace = setTimeout(() => {
    void show('ActiveState').then((state) => (state === 'deactivating' ? runCommand(kill) : undefined));
  }, GRACE_MS);
  try {
    await runChecked(['systemctl', 'restart', AGENT_HOST.unit], { timeoutMs });
  } finally {
    clearTimeout(grace);
  }
}

/** The version whose program the unit's process runs, whatever the links say. */
async function runningVersion(): Promise<string | undefined> {
  const program = await readlink(`/proc/${await show('MainPID')}/exe`).catch(() => undefined);
  return program === undefined ? undefined : basename(dirname(dirname(program)));
}

interface UnitState {
  readonly activeState: string;
  readonly restarts: number | undefined;
}

/** What the dead-man looks at four times a second: one question for both. Neither is known where systemd does not answer. */
export async function unitState(): Promise<UnitState> {
  const { stdout } = await runCommand(['systemctl', 'show', AGENT_HOST.unit, '-p', 'ActiveState,NRestarts']);
  const valueOf = (property: string): string =>
    stdout
      .split('\n')
      .find((line) => line.startsWith(`${property}=`))
      ?.slice(property.length + 1) ?? '';
  const restarts = valueOf('NRestarts');
  return { activeState: valueOf('ActiveState'), restarts: restarts === '' ? undefined : Number(restarts) };
}

async function show(property: string): Promise<string> {
  const { stdout } = await runCommand(['systemctl', 'show', AGENT_HOST.unit, '-p', property, '--value']);
  return stdout.trim();
}
