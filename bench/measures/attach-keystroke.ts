// From a key press to its echo on the screen, against ssh and docker exec to the same session.
import { attachDriver } from '../flows/attach.ts';
import { say } from '../progress.ts';
import { type Measure, median, rounded } from '../result.ts';

const keysInBlock = 50;

export const attachKeystroke: Measure = {
  part: 'attach',
  needsFullImage: false,
  run: async (cluster, times) => {
    const blocks = times(4);
    const { keys } = await cluster.sessions();
    const driver = await attachDriver(cluster);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let block = 0; block < blocks; block += 1) {
      ours.push(...((await driver.drive('ours', keys, ['keys', keysInBlock])) as number[]));
      theirs.push(...((await driver.drive('ssh', keys, ['keys', keysInBlock])) as number[]));
      say(`keys: ours ${median(ours).toFixed(2)} ms, ssh + docker exec ${median(theirs).toFixed(2)} ms`);
    }
    const runs = blocks * keysInBlock;
    const note =
      `p50 (p95) of key press to echo: ours ${describe(ours)} ms, ` +
      `\`ssh -t HOST docker exec -it … tmux attach\` ${describe(theirs)} ms; on the shell host, in turns of ${keysInBlock}`;
    return [
      {
        name: 'attach.keystroke_added_ms',
        value: rounded(median(ours) - median(theirs)),
        unit: 'ms',
        runs,
        note,
      },
      {
        name: 'attach.keystroke_ratio',
        value: rounded(median(ours) / median(theirs)),
        unit: 'ratio',
        runs,
        note,
      },
    ];
  },
};

function describe(values: readonly number[]): string {
  const p95 = values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
  return `${median(values).toFixed(2)} (${p95.toFixed(2)})`;
}
