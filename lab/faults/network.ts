// What happens to a machine's cable. The work is done by lab/machine/network-faults, on the machine: a fault then has no
// half state that another process would have to know of, and is still there after a power cut.
import type { MachineCommands } from '../machine-commands.ts';

export async function partition(machine: MachineCommands): Promise<void> {
  await machine.run(['/lab/network-faults', 'partition']);
}

export async function rejoin(machine: MachineCommands): Promise<void> {
  await machine.run(['/lab/network-faults', 'rejoin']);
}

export async function limitBandwidth(machine: MachineCommands, rate: string): Promise<void> {
  if (!/^\d+(\.\d+)?[kmg]?bit$/.test(rate))
    throw new Error(`a rate in tc's words, such as "10mbit", not "${rate}"`);
  await machine.run(['/lab/network-faults', 'limit', rate]);
}

export async function unlimit(machine: MachineCommands): Promise<void> {
  await machine.run(['/lab/network-faults', 'unlimit']);
}
