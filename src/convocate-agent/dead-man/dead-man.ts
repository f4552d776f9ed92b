import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { notifyReady } from '../../base/notify-ready.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { dropBallast } from './ballast.ts';
import { hasLeft, restartInto, shutOut, switchBack, unitState } from './go-back.ts';
import { ReasonToReturn } from './reason-to-return.ts';
import { type Armed, RolloutFiles, type RolloutState } from './rollout-state.ts';
import { uptimeSeconds } from './uptime.ts';

const LOOK_MS = 250;

type Say = (text: string) => void;

/**
 * The dead-man timer of decision D5, as systemd runs it from the release that would be gone back to. Watches an open
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
  // After a start of the host, systemd lets the agent wait for this: it comes up on the old release at once.
  if (state.kind === 'returning') await startBack(files, state, say);
  await notifyReady(say);
  if (state.kind === 'armed') {
    await watch(files, state.armed, say);
    state = await files.read();
    if (state.kind === 'returning') await startBack(files, state, say);
  }
  if (state.kind !== 'returning') return;
  await restartInto(state.armed.from);
  await files.finishReturn();
  say(`${state.armed.from} is live`);
}

type Returning = Extract<RolloutState, { kind: 'returning' }>;

async function startBack(files: RolloutFiles, { armed, reason }: Returning, say: Say): Promise<void> {
  await dropBallast();
  // Another operator who took the lock meanwhile waits for this, and has shut the first one out already.
  // Work that cannot be ended is told of, and no reason to stay: the switch back comes after all that it has done yet.
  await shutOut((await files.newestRollout()) === armed.rollout).catch((error: unknown) => {
    say(`what the rollout still does could not be ended: ${messageOf(error)}`);
  });
  if (await hasLeft(armed.from)) {
    say(`going back from ${armed.to} to ${armed.from}: ${reason}`);
    const returned = { from: armed.to, to: armed.from, reason, at: new Date().toISOString() };
    // Going back matters more than telling of it: the disk may be full.
    await files.recordReturn(returned).catch((error: unknown) => say(messageOf(error)));
  }
  await switchBack(armed);
}

/** Waits until an open rollout is confirmed, or there is a reason to take it back and that is claimed. */
async function watch(files: RolloutFiles, armed: Armed, say: Say): Promise<void> {
  say(`${armed.to} has to be confirmed within ${armed.window_s} s, or this host goes back to ${armed.from}`);
  const reasons = new ReasonToReturn(armed);
  while ((await files.read()).kind === 'armed') {
    const reason = reasons.find({
      uptimeS: await uptimeSeconds(),
      isActivated: basename(await readlink(AGENT_HOST.currentLink).catch(() => '')) === armed.to,
      ...(await unitState()),
      requested: await files.requestedReturn(),
    });
    if (reason !== undefined) await files.startReturn(reason);
    else await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
