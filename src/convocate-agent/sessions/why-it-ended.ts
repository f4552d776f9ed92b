import { STOPPED_EXIT } from '../../protocol/session.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import type { ContainerRecord } from './stored-session.ts';

/** One run of a container: somebody may start it again by hand, and that is none of the run before. */
export interface Run {
  readonly id: string;
  readonly startedAt: string;
}

/** Somebody's wish that a run may end. */
export interface Wish extends Run {
  /** Ends at other times have another cause; absent where whoever wished it saw to it. */
  readonly endsBetweenMs?: readonly [from: number, to: number];
}

/** Docker's event that something in a container was killed for want of memory. */
export interface MemoryNews {
  readonly id: string;
  readonly atMs: number;
}

/**
 * So far apart may the end of a program and of the child it could not do without be, and so late Docker's event: of a host
 * that is out of memory nothing is prompt.
 */
const MEMORY_MS = 10_000;
const SIGKILLED_EXIT = 137;

export function isSameRun(run: Run | undefined, { id, startedAt }: ContainerFacts): boolean {
  return run?.id === id && run.startedAt === startedAt;
}

export function runOf({ id, started_at: startedAt }: ContainerRecord): Run {
  return { id, startedAt };
}

/** Whether it is `wish` that the container has ended by. */
export function isWished(wish: Wish | undefined, facts: ContainerFacts): boolean {
  if (facts.running || !isSameRun(wish, facts)) return false;
  const [from, to] = wish?.endsBetweenMs ?? [];
  if (from === undefined || to === undefined) return true;
  const endedMs = Date.parse(facts.endedAt);
  return endedMs >= from && endedMs <= to;
}

/**
 * Whether want of memory was its end. Where Docker told when something in it was killed, that has to be near the end: the
 * program may have gone on for days without that child. Docker's flag, in newer releases just that event's trace, tells of no
 * time: alone it counts where the program itself was killed. A good end, or a stop, has nothing to do with it.
 */
export function wantedMemory(news: MemoryNews | undefined, facts: ContainerFacts): boolean {
  const { running, exitCode, endedAt } = facts;
  if (running || exitCode === 0 || exitCode === STOPPED_EXIT) return false;
  if (news?.id === facts.id) return Math.abs(Date.parse(endedAt) - news.atMs) <= MEMORY_MS;
  return facts.oomKilled && exitCode === SIGKILLED_EXIT;
}
