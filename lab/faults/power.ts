// A power cut is a kill of everything on the machine, without a word of warning, and a start from the same disks.
import type { MachineCommands } from '../machine-commands.ts';
import { whileThawing } from '../thaw.ts';

const bootTimeoutMs = 60_000;

export async function powerCut(machine: MachineCommands): Promise<void> {
  const { docker, identity } = machine;
  await whileThawing([identity.containerId], () => docker.run(['kill', identity.containerId]));
}

export async function powerOn(machine: MachineCommands, timeoutMs = bootTimeoutMs): Promise<void> {
  await machine.docker.run(['start', machine.identity.containerId]);
  await waitReady(machine, timeoutMs);
}

/** Answers what systemd says of itself: "running", or "degraded" when a unit has failed. */
export async function waitReady(machine: MachineCommands, timeoutMs = bootTimeoutMs): Promise<string> {
  try {
    return (await machine.run(['/lab/wait-ready'], { timeoutMs })).stdout.trim();
  } catch (error) {
    const { stdout, stderr } = await machine.docker.exec(['logs', '--tail=20', machine.identity.containerId]);
    throw new Error(`${machine.name} did not boot; it said:\n${stdout}${stderr}`, { cause: error });
  }
}
