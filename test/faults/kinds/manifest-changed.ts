import type { Fault } from '../fault.ts';

/** Someone changes the staged manifest after it was signed, so that another program could be named in it. */
export const manifestChanged: Fault = {
  name: 'manifest-changed',
  strikesAt: (verb, step) => verb === 'update' && ['stage-image', 'arm'].includes(step),
  strike: async ({ site: { agent }, target }) => {
    const file = `/usr/local/lib/convocate/releases/${target}/manifest.json`;
    await agent.run(['sed', '-i', 's/"toolchain": "minimal"/"toolchain": "maximal"/', file]);
    return {};
  },
};
