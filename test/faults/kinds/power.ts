import type { Machine } from '../../../lab/machine.ts';
import type { Fault } from '../fault.ts';

export const powerCutAgent: Fault = {
  name: 'power-cut-agent',
  strike: async ({ site }) => {
    await powerCycle(site.agent);
    return { endsSessions: true };
  },
};

export const powerCutShell: Fault = {
  name: 'power-cut-shell',
  strike: async ({ site }) => {
    await powerCycle(site.shell);
    return {};
  },
};

/** The cable goes dead first: a machine without power says no farewell to those it was connected to. */
async function powerCycle(machine: Machine): Promise<void> {
  await machine.run(['ip', 'link', 'set', 'eth0', 'down']);
  await machine.powerCut();
  await machine.powerOn(90_000);
}
