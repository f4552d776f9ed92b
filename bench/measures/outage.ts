// How long nobody can reach the agent while another release takes over.
import { updateOurs } from '../flows/our-update.ts';
import { watchingPort } from '../flows/watch-port.ts';
import { say } from '../progress.ts';
import { type Measure, median, rounded, spread } from '../result.ts';

export const outage: Measure = {
  part: 'outage',
  needsFullImage: true,
  run: async (cluster, times) => {
    const runs = times(3);
    const { shell, agent } = cluster;
    await cluster.sessions();
    const seconds: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      await cluster.installNext('image and agent program');
      const [update, ms] = await watchingPort(cluster, () => updateOurs(shell, agent.hostname));
      if (update.outcome !== 'updated') throw new Error(`an update ended ${update.outcome}`);
      say(`222 was shut for ${ms} ms`);
      seconds.push(ms / 1000);
    }
    return [
      {
        name: 'outage.activation_s',
        value: rounded(median(seconds)),
        unit: 's',
        runs,
        note: `longest time without a connection taken on 222 during an update of program and image, three sessions running: ${spread(seconds, 2)} s`,
      },
    ];
  },
};
