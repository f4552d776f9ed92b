// A session that prints as fast as it can, against ssh and docker exec to the same session.
// tmux leaves out what a client cannot take in time and draws the screen anew: so it is the bytes that come through which
// tell the two ways apart, hardly the time.
import { attachDriver } from '../flows/attach.ts';
import { say } from '../progress.ts';
import { type Measure, median, rounded } from '../result.ts';

const lines = 400_000;

interface Flood {
  readonly bytes: number;
  readonly ms: number;
}

export const attachThroughput: Measure = {
  part: 'attach',
  needsFullImage: false,
  run: async (cluster, times) => {
    const runs = times(5);
    const { flood } = await cluster.sessions();
    const driver = await attachDriver(cluster);
    const ours: Flood[] = [];
    const theirs: Flood[] = [];
    for (let run = 0; run < runs; run += 1) {
      ours.push((await driver.drive('ours', flood, ['flood', lines])) as Flood);
      theirs.push((await driver.drive('ssh', flood, ['flood', lines])) as Flood);
      say(`flood: ours ${describe(ours.slice(-1))}, ssh + docker exec ${describe(theirs.slice(-1))}`);
    }
    return [
      {
        name: 'attach.throughput_ratio',
        value: rounded(rate(ours) / rate(theirs)),
        unit: 'ratio',
        runs,
        note:
          `terminal output received while a session prints ${lines} lines: ours ${describe(ours)}, ` +
          `\`ssh -t HOST docker exec -it … tmux attach\` ${describe(theirs)}`,
      },
    ];
  },
};

/** Megabytes a second. */
function rate(floods: readonly Flood[]): number {
  return median(floods.map(({ bytes, ms }) => bytes / ms / 1000));
}

function describe(floods: readonly Flood[]): string {
  const seconds = median(floods.map(({ ms }) => ms / 1000));
  return `${rate(floods).toFixed(1)} MB/s, ${seconds.toFixed(2)} s`;
}
