/** The moments at which a fault strikes: the steps of both flows, by the titles that their JSON lines carry. */

/** `return`: an update to a release that does not come up, so that the host goes back from it. */
export type Verb = 'update' | 'rollback' | 'return';

export interface RolloutStep {
  readonly name: StepName;
  /** How it begins. */
  readonly title: string;
  /** How long it takes on a host that is not busy: a fault strikes somewhere within. */
  readonly usualMs: number;
}

export type StepName =
  | 'connect'
  | 'lock'
  | 'look'
  | 'prove'
  | 'stage-files'
  | 'stage-image'
  | 'note-sessions'
  | 'arm'
  | 'activate'
  | 'restart'
  | 'confirm'
  | 'disarm'
  | 'prune'
  | 'go-back';

const step = (name: StepName, usualMs: number, title: string): RolloutStep => ({ name, usualMs, title });

const connect = step('connect', 500, 'connecting with the pinned host key');
const lock = step('lock', 300, 'taking the rollout lock');
const look = step('look', 700, 'looking at the host');
const noteSessions = step('note-sessions', 500, 'noting its session containers');
const arm = step('arm', 900, 'arming the dead-man timer');
const activate = step('activate', 1_000, 'activating');
const restart = step('restart', 900, 'restarting convocate-agent.service; sessions go on running');
const confirm = step('confirm', 2_500, 'confirming over a fresh connection');
const disarm = step('disarm', 600, 'confirming: the dead-man timer is disarmed');

export const STEPS: Readonly<Record<Verb, readonly RolloutStep[]>> = {
  update: [
    connect,
    lock,
    look,
    step('stage-files', 900, 'staging the program'),
    step('stage-image', 2_000, 'staging the image'),
    noteSessions,
    arm,
    activate,
    restart,
    confirm,
    disarm,
    step('prune', 700, 'pruning releases that nothing needs'),
  ],
  rollback: [
    connect,
    lock,
    look,
    step('prove', 1_500, 'proving the release to go back to: signature, every file, the image'),
    noteSessions,
    arm,
    activate,
    restart,
    confirm,
    disarm,
  ],
  return: [restart, step('go-back', 1_500, 'going back to ')],
};
