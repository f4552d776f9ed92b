import type { Fault } from '../fault.ts';

const HOUR_S = 3_600;

/** An hour ahead or behind from one moment to the next, for what runs as well, and it stays so until the next update is through. */
export const clockOff: Fault = {
  name: 'clock-1h-off',
  // A program can only be told another time if it was started with a clock of its own.
  prepare: ({ agent }) => agent.shiftClock(1),
  strike: async ({ site: { agent }, random }) => {
    await agent.shiftClock(random() < 0.5 ? HOUR_S : -HOUR_S);
    return {};
  },
  tidy: ({ agent }) => agent.shiftClock(0),
};
