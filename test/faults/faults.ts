import type { Fault } from './fault.ts';
import { clockOff } from './kinds/clock.ts';
import { diskFullDocker, diskFullRoot, diskFullRootAndVar } from './kinds/disk-full.ts';
import { flipInFlight } from './kinds/flip-in-flight.ts';
import { flipOnDisk } from './kinds/flip-on-disk.ts';
import { cutSsh, killAgent, killDocker, killOperator } from './kinds/kills.ts';
import { manifestChanged } from './kinds/manifest-changed.ts';
import { partitionForAWhile, partitionForEver } from './kinds/partition.ts';
import { powerCutAgent, powerCutShell } from './kinds/power.ts';
import { secondOperator } from './kinds/second-operator.ts';

/** Every fault there is: the rows of the table that have a step. */
export const FAULTS: readonly Fault[] = [
  killOperator,
  killAgent,
  killDocker,
  cutSsh,
  powerCutAgent,
  powerCutShell,
  partitionForAWhile,
  partitionForEver,
  diskFullRoot,
  diskFullRootAndVar,
  diskFullDocker,
  flipInFlight,
  flipOnDisk,
  manifestChanged,
  clockOff,
  secondOperator,
];
