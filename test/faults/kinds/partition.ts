import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';

const PASSES_AFTER_MS = 20_000;

export const partitionForAWhile: Fault = {
  name: 'partition-20s',
  strike: async ({ site: { agent } }) => {
    await agent.partition();
    const passes = sleep(PASSES_AFTER_MS).then(() => agent.rejoin());
    passes.catch(() => undefined); // whoever waits for it hears of it
    return { passes };
  },
};

export const partitionForEver: Fault = {
  name: 'partition-for-ever',
  strike: async ({ site: { agent } }) => {
    await agent.partition();
    return { cutsOff: true, lift: () => agent.rejoin() };
  },
};
