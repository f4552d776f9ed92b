import { readFile } from 'node:fs/promises';
import { messageOf } from '../../base/errors.ts';
import { notifyReady } from '../../base/notify-ready.ts';
import type { Armed } from '../../protocol/armed.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { imageTagOf } from '../../protocol/ids.ts';
import { dropBallast } from './ballast.ts';
import { hasLeft, liveVersion, restartInto, shutOut, unitState } from './go-back.ts';
import { ReasonToReturn } from './reason-to-return.ts';
import { RolloutFiles, type RolloutState } from './rollout-state.ts';
import { switchBack } from './switch-back.ts';
import { uptimeSeconds } from './uptime.ts';

const LOOK_MS = 250;

type Say = (text: string) => void;

/**
 * The dead-man timer of decision 8, as systemd runs it from the release that would be gone back to. Watches an open
 * rollout until it is confirmed, or takes it back. Can be killed and started again at any point: all it knows is on disk,
 * and each of its steps may be done twice.
 */
export async function deadMan(say: Say): Promise<void> {
  const files = new RolloutFiles();
  let state = await files.read();
  if (state.kind === 'armed' && !(await files.isSameBoot())) {
    await files.startReturn('the host was started anew before it was confirmed');
    state = await files.read();
  }
  // The power went just after it was confirmed, or before it had begun: nobody else would give the room back.
  if (state.kind === 'settled') await dropBallast().catch((error: unknown) => say(messageOf(error)));
  let problem: string | undefined;
  // After a start of the host, systemd lets the agent wait for this: it comes up on the old release at once.
  if (state.kind === 'returning') problem = await startBack(files, state, say);
  await notifyReady(say);
  if (state.kind === 'armed') {
    await watch(files, state.armed, say);
    state = await files.read();
    if (state.kind === 'returning') problem = await startBack(files, state, say);
  }
  if (state.kind === 'returning') await finishBack(files, state, problem, say);
}

type Returning = Extract<RolloutState, { kind: 'returning' }>;

/** All but the restart. Gives back what went wrong. */
async function startBack(
  files: RolloutFiles,
  { armed, reason }: Returning,
  say: Say,
): Promise<string | undefined> {
  // Another operator who took the lock meanwhile waits for this, and has shut the first one out already.
  // Work that cannot be ended is told of, and no reason to stay: the switch back comes after all that it has done yet.
  await endWork(files, armed.rollout).catch((error: unknown) => {
    say(`what the rollout still does could not be ended: ${messageOf(error)}`);
  });
  const isNews = await hasLeft(armed.from);
  // Only now: what fills the disk would have taken the room meanwhile.
  await dropBallast().catch((error: unknown) => say(messageOf(error)));
  if (isNews) {
    say(`going back from ${armed.to} to ${armed.from}: ${reason}`);
    const returned = { from: armed.to, to: armed.from, reason, at: new Date().toISOString() };
    // Going back matters more than telling of it: the disk may be full.
    await files.recordReturn(returned).catch((error: unknown) => say(messageOf(error)));
  }
  return await switchBack(armed, say);
}

async function endWork(files: RolloutFiles, rollout: number): Promise<void> {
  const newest = await files.newestRollout().catch(() => undefined); // whatever lies there must not keep the host here
  await shutOut(newest === rollout);
}

/**
 * The restart, and the end: also where something went wrong for good. Who is left waiting here helps nobody, and no
 * rollout that could mend the host may begin before this is over.
 */
async function finishBack(
  files: RolloutFiles,
  { armed, reason }: Returning,
  problem: string | undefined,
  say: Say,
): Promise<void> {
  const live = (await liveVersion()) ?? armed.from;
  const silence = await restartInto(live, () => hasStamp(live));
  say(silence === undefined ? `${live} is live` : `${live} does not start: ${silence}`);
  const problems = [
    problem,
    silence && `${live} does not start: see journalctl -u ${AGENT_HOST.unit} on that host`,
  ].filter((text) => text !== undefined);
  if (problems.length > 0) {
    const returned = { from: armed.to, to: live, reason, at: new Date().toISOString() };
    await files.amendReturn(returned, problems.join('; ')).catch((error: unknown) => say(messageOf(error)));
  }
  await files.finishReturn();
}

/** Where it is another's, new and restarted sessions run the wrong image: the agent mends that at its start. */
async function hasStamp(version: string): Promise<boolean> {
  const text = await readFile(AGENT_HOST.currentImageFile, 'utf8').catch(() => '');
  return text.trim() === imageTagOf(version);
}

/** Waits until an open rollout is confirmed, or there is a reason to take it back and that is claimed. */
async function watch(files: RolloutFiles, armed: Armed, say: Say): Promise<void> {
  say(`${armed.to} has to be confirmed within ${armed.window_s} s, or this host goes back to ${armed.from}`);
  const reasons = new ReasonToReturn(armed);
  while ((await files.read()).kind === 'armed') {
    const reason = reasons.find({
      uptimeS: await uptimeSeconds(),
      isActivated: (await liveVersion()) === armed.to,
      ...(await unitState()),
      requested: await files.requestedReturn(),
    });
    if (reason !== undefined) await files.startReturn(reason);
    else await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
