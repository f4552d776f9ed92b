// What a changed agent program adds to an update.
import { documentBytes } from '../flows/document-bytes.ts';
import { updateOurs } from '../flows/our-update.ts';
import type { Measure } from '../result.ts';

export const updateProgram: Measure = {
  part: 'update',
  needsFullImage: false,
  run: async (cluster) => {
    const { shell, agent } = cluster;
    const release = await cluster.installNext('image and agent program');
    const update = await updateOurs(shell, agent.hostname);
    const imageBytes = update.layerBytes + (await documentBytes(shell, release.version));
    return [
      {
        name: 'update.changed_program_bytes',
        value: update.sentBytes - imageBytes,
        unit: 'bytes',
        runs: 1,
        note: `as update.program_bytes, with one line of the agent's code changed; it answered after ${(update.answeredMs / 1000).toFixed(1)} s`,
      },
    ];
  },
};
