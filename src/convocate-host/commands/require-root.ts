import { RefusedError } from '../../base/errors.ts';

/** For commands that need root here, where the cluster's keys are. */
export function requireRoot(command: string): void {
  if (process.getuid?.() === 0) return;
  throw new RefusedError(`${command} needs root on this machine, because the cluster's keys are root's`, {
    hint: `run: sudo convocate-host ${command} …`,
  });
}
