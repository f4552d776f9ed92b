import type { Fault } from '../fault.ts';

const HOUR_S = 3_600;

/** An hour ahead or behind from one moment to the next, and it stays so until the next update is through. */
export const clockOff: Fault = {
  name: 'clock-1h-off',
  strike: async ({ site: { agent }, random }) => {
    await agent.shiftClock(random() < 0.5 ? HOUR_S : -HOUR_S);
    return {};
  },
  tidy: ({ agent }) => agent.shiftClock(0),
};
