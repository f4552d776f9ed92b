import type { Fault } from '../fault.ts';
import type { Site } from '../site.ts';

/** It stays full until the host was seen to be on the old release or the new; then the next update has to have room. */
function fullDisk(name: string, diskOf: (site: Site) => string): Fault {
  return {
    name,
    strike: async ({ site }) => {
      await site.agent.fillDisk(diskOf(site), 0);
      return { fills: true, lift: () => site.agent.freeDisk(diskOf(site)) };
    },
  };
}

export const diskFullRoot = fullDisk('disk-full-root', ({ rootDisk }) => rootDisk);
export const diskFullDocker = fullDisk('disk-full-docker', ({ dockerDisk }) => dockerDisk);
