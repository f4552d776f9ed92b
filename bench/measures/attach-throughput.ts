// A session that prints as fast as it can, against ssh and docker exec to the same session: how many lines a second, up to
// the last one on the operator's screen. Bytes would be a toss of a coin: whenever a client is a moment late, tmux leaves
// out what it had for it and draws the screen anew, so that of the same lines ten times more or less comes through.
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
        value: rounded(linesPerSecond(ours) / linesPerSecond(theirs)),
        unit: 'ratio',
        runs,
        note:
          `lines a second, up to the last one on the screen, of a session that prints ${lines} lines: ours ${describe(ours)}, ` +
          `\`ssh -t HOST docker exec -it … tmux attach\` ${describe(theirs)}`,
      },
    ];
  },
};

function linesPerSecond(floods: readonly Flood[]): number {
  return median(floods.map(({ ms }) => (lines / ms) * 1000));
}

function describe(floods: readonly Flood[]): string {
  const thousands = linesPerSecond(floods) / 1000;
  const megabytes = median(floods.map(({ bytes }) => bytes / 1e6));
  return `${thousands.toFixed(1)} thousand, in ${megabytes.toFixed(1)} MB`;
}
