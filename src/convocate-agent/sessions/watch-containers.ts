import { pause } from '../../base/deadline.ts';
import { LABEL, containerNameOf } from '../../protocol/host-layout.ts';
import { isSessionId } from '../../protocol/ids.ts';
import type { ContainerEvent } from '../docker/docker.ts';
import type { Agent } from './agent.ts';
import { isToldByChange } from './change.ts';
import { announce } from './describe-session.ts';
import type { Look } from './known-containers.ts';

export interface ContainerWatch {
  /** Settles after the first try to reach Docker, whether it went well or not. */
  readonly triedOnce: Promise<void>;
  /** Docker tells us what happens: we can reach it, and what we know is true. */
  readonly isWatching: boolean;
  close(): Promise<void>;
}

/** Asks Docker about a session's container, by name: its id may have changed while nobody looked. */
export async function lookAtContainer(agent: Agent, id: string): Promise<Look> {
  return await agent.containers.look(id, () => agent.docker.inspectContainer(containerNameOf(id)));
}

export interface WatchTimes {
  /** From the loss of Docker to the next try to reach it. */
  readonly retryMs: number;
  /** From Docker's answer to the next question whether it still answers. */
  readonly pulseMs: number;
}

/**
 * Keeps our knowledge of the containers true: a look at all of them at start and after each time Docker was away, its
 * event stream in between. While Docker is down the agent serves what it knew.
 */
export function watchContainers(agent: Agent, { retryMs, pulseMs }: WatchTimes): ContainerWatch {
  const abort = new AbortController();
  const { promise: triedOnce, resolve: hasTried } = Promise.withResolvers<void>();
  let first = true;
  let isWatching = false;

  const watchOnce = async (): Promise<void> => {
    const ended = new AbortController();
    const signal = AbortSignal.any([abort.signal, ended.signal]);
    let silence: unknown;
    try {
      // The stream is opened before the look, so that nothing falls in between.
      const events = await agent.docker.events(`${LABEL.agent}=${agent.agentId}`, signal);
      const unseen = await lookAtAll(agent);
      isWatching = true;
      if (first) for (const { uuid } of agent.containers.running()) agent.lost.noteEarlier(uuid);
      first = false;
      await agent.lost.sweep(agent);
      agent.log.info('Docker is watched');
      hasTried();
      // Nobody waits for it: while Docker hangs, a question takes its time to end, and the agent may have to close.
      void expectAnswers(agent, pulseMs, signal, unseen).catch((error: unknown) => {
        if (ended.signal.aborted) return; // what is watched by now is another stream
        silence = error;
        isWatching = false;
        ended.abort();
      });
      await followEvents(agent, events, unseen);
    } finally {
      ended.abort();
    }
    if (silence !== undefined) throw silence;
  };

  const watchForEver = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        await watchOnce();
        if (!abort.signal.aborted) agent.log.warn('Docker ended its event stream');
      } catch (error) {
        if (!abort.signal.aborted) agent.log.warn({ err: error }, 'Docker cannot be watched; trying again');
      }
      isWatching = false;
      hasTried();
      await pause(retryMs, abort.signal);
    }
  };

  const done = watchForEver();
  return {
    triedOnce,
    get isWatching() {
      return isWatching;
    },
    close: async () => {
      abort.abort();
      await done;
    },
  };
}

/** Gives the sessions of which Docker cannot tell: one such container says nothing of Docker, and must hide no other. */
async function lookAtAll(agent: Agent): Promise<Set<string>> {
  const entries = await agent.store.list();
  const unseen = new Set<string>();
  await Promise.all(entries.map(({ uuid }) => tryToLook(agent, uuid, unseen)));
  const known = new Set(entries.map(({ uuid }) => uuid));
  for (const facts of await agent.docker.listContainers(`${LABEL.agent}=${agent.agentId}`)) {
    const uuid = facts.labels[LABEL.session] ?? '';
    if (known.has(uuid) && facts.name === containerNameOf(uuid)) continue;
    agent.log.warn(
      { container: facts.name, session: uuid },
      'a container with our label belongs to no session',
    );
  }
  return unseen;
}

/** Where that fails, the session is one of the `unseen` from then on, and not any more where it goes well. */
async function tryToLook(agent: Agent, uuid: string, unseen: Set<string>): Promise<void> {
  try {
    if (await agent.store.find(uuid)) await lookAndTell(agent, uuid);
    unseen.delete(uuid);
  } catch (error) {
    const level = unseen.has(uuid) ? 'debug' : 'warn';
    agent.log[level]({ session: uuid, err: error }, 'its container cannot be looked at; tried again');
    unseen.add(uuid);
  }
}

async function followEvents(
  agent: Agent,
  events: AsyncIterable<ContainerEvent>,
  unseen: Set<string>,
): Promise<void> {
  for await (const event of events) {
    const uuid = event.labels[LABEL.session] ?? '';
    if (!isSessionId(uuid)) continue;
    // Labels are inherited by images committed from a session: only the name says that it is the session's own. One that
    // was renamed by hand is not any more.
    if (event.name !== containerNameOf(uuid) && event.action !== 'rename') continue;
    if (event.action === 'oom') agent.containers.noteOutOfMemory(uuid, event);
    await tryToLook(agent, uuid, unseen);
  }
}

/**
 * Throws once Docker does not answer: one that hangs keeps its event stream open, and nothing would seem to happen. The
 * `unseen` are looked at again meanwhile.
 */
async function expectAnswers(
  agent: Agent,
  everyMs: number,
  signal: AbortSignal,
  unseen: Set<string>,
): Promise<void> {
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    await agent.docker.ping();
    void agent.lost.sweep(agent);
    for (const uuid of [...unseen]) if (!signal.aborted) await tryToLook(agent, uuid, unseen);
  }
}

/** As {@link lookAtContainer}, and tells the shell where the session has started or ended unseen. */
export async function lookAndTell(agent: Agent, uuid: string): Promise<Look> {
  const look = await lookAtContainer(agent, uuid);
  const { facts, transition, causeIsNew } = look;
  if (causeIsNew) await announce(agent, 'container.edited', uuid);
  if (transition === undefined || isToldByChange(agent.locks.liveOp(uuid))) return look;
  agent.log.info(
    { session: uuid, transition, exitCode: facts?.exitCode, oom: facts?.oomKilled },
    'container',
  );
  await announce(agent, transition === 'started' ? 'container.started' : 'container.died', uuid);
  return look;
}
