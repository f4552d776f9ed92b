import type { Fault } from '../fault.ts';
import type { Site } from '../site.ts';

/** It stays full until the host was seen to be on the old release or the new; then the next update has to have room. */
function fullDisk(name: string, disksOf: (site: Site) => readonly string[]): Fault {
  return {
    name,
    strike: async ({ site }) => {
      const { agent } = site;
      await Promise.all(disksOf(site).map((disk) => agent.fillDisk(disk, 0)));
      const lift = async (): Promise<void> => {
        await Promise.all(disksOf(site).map((disk) => agent.freeDisk(disk)));
      };
      return { fills: true, lift };
    },
  };
}

/** With and without room left for the state, which lies on a disk of its own on some hosts. */
export const diskFullRoot = fullDisk('disk-full-root', ({ rootDisk }) => [rootDisk]);
export const diskFullRootAndVar = fullDisk('disk-full-root-and-var', ({ rootDisk, varDisk }) => [
  rootDisk,
  varDisk,
]);
export const diskFullDocker = fullDisk('disk-full-docker', ({ dockerDisk }) => [dockerDisk]);
