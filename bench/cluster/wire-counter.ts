// Bytes that crossed a machine's network card, both ways and with all headers: what the line really carries.
import type { Machine } from '../../lab/machine.ts';

const counters = ['rx_bytes', 'tx_bytes'].map((name) => `/sys/class/net/eth0/statistics/${name}`);

/** Runs `work` and gives the bytes that came and went meanwhile, next to its answer. */
export async function countingWire<T>(machine: Machine, work: () => Promise<T>): Promise<[T, number]> {
  const before = await read(machine);
  const answer = await work();
  return [answer, (await read(machine)) - before];
}

async function read(machine: Machine): Promise<number> {
  const { stdout } = await machine.run(['cat', ...counters]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}
