import type { RolloutRun, RolloutVerb, UpdateUnderWay } from '../e2e/support/rollout-run.ts';
import type { Row } from './matrix.ts';
import type { Site } from './site.ts';

/** The rollout that a fault strikes. */
export interface Moment {
  readonly site: Site;
  readonly run: UpdateUnderWay;
  readonly verb: RolloutVerb;
  /** The release that the rollout goes to. */
  readonly target: string;
  readonly random: () => number;
}

/** What a fault leaves behind, and how it ends. Nobody helps the host: what is not named here stays as it is. */
export interface Wound {
  /** It is over then, as it is by nature. */
  readonly passes?: Promise<unknown>;
  /** It stays until the host has been looked at as it is; only then is it taken away. */
  readonly lift?: () => Promise<void>;
  /** The shell host cannot reach the agent host until it is lifted. */
  readonly cutsOff?: boolean;
  /** No container can be started and no file written until it is lifted, so that cannot be asked for as a proof. */
  readonly fills?: boolean;
  /** The host itself lost power: its containers ended with it, and stay what they are. */
  readonly endsSessions?: boolean;
  /** What a second operator was told. */
  readonly second?: Promise<RolloutRun>;
}

export interface Fault extends Row {
  /** It waits by itself for what it strikes, so it is called when the step begins. */
  readonly choosesItsMoment?: boolean;
  /** Before the rollout starts; has no effect on it yet. */
  prepare?(site: Site): Promise<void>;
  strike(moment: Moment): Promise<Wound>;
  /** After all was checked. */
  tidy?(site: Site): Promise<void>;
}
