// What the agent program costs on the wire: next to nothing where it stayed the same, its bundle where it changed.
import type { BenchCluster, Change } from '../cluster/bench-cluster.ts';
import { documentBytes } from '../flows/document-bytes.ts';
import { updateOurs } from '../flows/our-update.ts';
import { type Measure, median, spread } from '../result.ts';

export const updateProgram: Measure = {
  part: 'update',
  needsFullImage: false,
  run: async (cluster, times) => {
    const same: number[] = [];
    for (let run = 0; run < times(2); run += 1) same.push(await bytesBesideImage(cluster, 'image'));
    const changed = await bytesBesideImage(cluster, 'image and agent program');
    return [
      {
        name: 'update.program_bytes',
        value: Math.round(median(same)),
        unit: 'bytes',
        runs: same.length,
        note:
          `blobs sent beside the image's layers and documents when only the image changed, ${spread(same, 0)}; ` +
          `with a line of the agent's code changed: ${changed}`,
      },
    ];
  },
};

async function bytesBesideImage(cluster: BenchCluster, change: Change): Promise<number> {
  const { version } = await cluster.installNext(change);
  const { sentBytes, layerBytes } = await updateOurs(cluster.shell, cluster.agent.hostname);
  return sentBytes - layerBytes - (await documentBytes(cluster.shell, version));
}
