// An update with nothing new: what the line carries, and how long it takes.
import { countingWire } from '../cluster/wire-counter.ts';
import { updateOurs } from '../flows/our-update.ts';
import { describeSteps } from '../flows/step-times.ts';
import { say } from '../progress.ts';
import { type Measure, median, rounded, spread } from '../result.ts';

export const updateNoop: Measure = {
  part: 'update',
  needsFullImage: false,
  run: async (cluster, times) => {
    const runs = times(5);
    const { shell, agent } = cluster;
    await cluster.sessions();
    // The first one brings an agent that was left elsewhere to where the shell host is.
    await updateOurs(shell, agent.hostname);
    const bytes: number[] = [];
    const seconds: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const [update, wire] = await countingWire(agent, () => updateOurs(shell, agent.hostname));
      if (update.outcome !== 'unchanged')
        throw new Error(`an update with nothing new ended ${update.outcome}`);
      say(`nothing new: ${wire} bytes, ${Math.round(update.wholeMs)} ms (${describeSteps(update.steps)})`);
      bytes.push(wire);
      seconds.push(update.wholeMs / 1000);
    }
    return [
      {
        name: 'update.noop_bytes',
        value: Math.round(median(bytes)),
        unit: 'bytes',
        runs,
        note: `on the agent's network card, both ways, headers, SSH handshakes and status events included: ${spread(bytes, 0)}`,
      },
      {
        name: 'update.noop_s',
        value: rounded(median(seconds)),
        unit: 's',
        runs,
        note: `the whole command, with three sessions running: ${spread(seconds)} s`,
      },
    ];
  },
};
