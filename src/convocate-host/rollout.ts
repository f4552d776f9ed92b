import type { AgentRecord } from '../cluster/registry.ts';
import type { Host } from '../host-access/host.ts';
import type { AgentView } from '../protocol/shell-socket.ts';
import type { ReleaseStore, StoredRelease } from '../release/release-store.ts';
import { afterChange } from './after-change.ts';
import type { ContainerFact } from './docker-facts.ts';
import type { HostFacts } from './facts.ts';
import type { RolloutLock } from './lock.ts';
import type { Plan } from './plan-types.ts';
import type { Reporter } from './reporter.ts';

/** Where one host's rollout stands. Steps read what earlier ones found out and add what they find. */
export interface Rollout {
  readonly hostName: string;
  /** The login the operator gave for this run. */
  readonly user?: string;
  readonly store: ReleaseStore;
  /** What is rolled out; a rollback finds it on the host. */
  release?: StoredRelease;
  readonly reporter: Reporter;
  readonly options: RolloutOptions;
  /** Set where the host is a registered agent; `init-agent` sets it anew when it registers one. */
  record?: AgentRecord;
  host?: Host;
  lock?: RolloutLock;
  facts?: HostFacts;
  /** The agent's connection to our 223, before anything was done. */
  statusLinkBefore?: AgentView['status_link'];
  /** Its session containers just before anything was changed; where nothing is to be changed, those of the facts count. */
  sessionsBefore?: readonly ContainerFact[];
  /** Set while the host takes the rollout back unless it is confirmed. */
  deadMan?: DeadMan;
  plan?: Plan;
  /** Files of the release that were found damaged, or gone, on the host, and were put right. */
  mended?: readonly string[];
  /** Bytes put on the wire for blobs so far. */
  sentBytes: number;
  /** Milliseconds from the start of the rollout to the agent's answering on the release. */
  answeredMs?: number;
  readonly startedAt: number;
  /** Something outside the plan changed that the agent reads only at its start. */
  mustRestart: boolean;
}

export interface RolloutOptions {
  /** How long the unit has to stay up to count as up. */
  readonly soakMs: number;
  /** How long the host waits for the release to be confirmed, soak included, before it goes back by itself. */
  readonly confirmMs: number;
  /** Bytes per second that a transfer may take; undefined is as fast as it goes. */
  readonly bandwidth?: number;
}

/** A rollout that the host takes back by itself. */
export interface DeadMan {
  /** The release it goes back to. */
  readonly from: string;
  /** When its time is up, on the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * One step of a flow: plain data, so that a flow reads as a list. `isDone` tells from what is known that there is
 * nothing to do; such a step is passed over in silence.
 */
export interface Step {
  readonly title: string;
  /** From its beginning on the host may be another than it was: a refusal after it was not one "before anything changed". */
  readonly changesHost?: true;
  isDone?(rollout: Rollout): boolean;
  run(rollout: Rollout): Promise<void>;
  /** Takes the step back when it, or a later one, has failed with `error`; throws where it has more to tell. */
  undo?(rollout: Rollout, error: unknown): Promise<void>;
}

/**
 * Runs the steps in order and stops at the first that throws: what was begun is undone, last first, and what was
 * opened is closed in any case.
 */
export async function runSteps(steps: readonly Step[], rollout: Rollout): Promise<void> {
  const begun: Step[] = [];
  try {
    for (const step of steps) {
      if (step.isDone?.(rollout)) continue;
      rollout.reporter.step(step.title);
      begun.unshift(step);
      await step.run(rollout);
    }
  } catch (cause) {
    const error = begun.some(({ changesHost }) => changesHost) ? afterChange(cause) : cause;
    for (const step of begun) await step.undo?.(rollout, error);
    throw error;
  } finally {
    await rollout.lock?.release().catch(() => {}); // it ends with the connection; the first error is the one to tell
    await rollout.host?.close();
  }
}

/** What an earlier step must have put there: a missing one is a flow written in the wrong order. */
export function need<Key extends 'host' | 'lock' | 'facts' | 'plan' | 'record' | 'release'>(
  rollout: Rollout,
  key: Key,
): NonNullable<Rollout[Key]> {
  const value = rollout[key];
  if (value === undefined) throw new TypeError(`a step needs ${key} before any step has set it`);
  return value;
}
