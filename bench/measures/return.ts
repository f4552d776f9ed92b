// The way back: told to, and by the host alone.
import { pollUntil } from '../../src/base/deadline.ts';
import type { BenchCluster, InstalledRelease } from '../cluster/bench-cluster.ts';
import { leaveUnconfirmed, rollBack } from '../flows/going-back.ts';
import { updateOurs } from '../flows/our-update.ts';
import { say } from '../progress.ts';
import { type Measure, type Result, median, rounded, spread } from '../result.ts';

const windowS = 15;

export const goingBack: Measure = {
  part: 'return',
  needsFullImage: false,
  run: async (cluster, times) => {
    const runs = times(3);
    const { shell, agent } = cluster;
    await cluster.sessions();
    await updateOurs(shell, agent.hostname);
    const home = cluster.current; // each run leaves it twice, and comes back twice
    const byCommand: number[] = [];
    const byHost: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      await cluster.installNext('image and agent program');
      await updateOurs(shell, agent.hostname);
      const answered = await rollBack(shell, agent.hostname);
      say(`rolled back by command: answers after ${answered} ms`);
      byCommand.push(answered / 1000);

      const armed = await leaveUnconfirmed(shell, agent.hostname, windowS);
      const beyond = (await answersAgainAt(cluster, home)) - armed - windowS * 1000;
      say(`taken back by the host: answers ${Math.round(beyond)} ms beyond its timeout`);
      byHost.push(beyond / 1000);
    }
    return [
      result('return.command_s', byCommand, 'command to answer on 222 as the release before, nothing sent'),
      result('return.deadman_s', byHost, `beyond its ${windowS} s, until an answer as the release before`),
    ];
  },
};

function result(name: string, seconds: readonly number[], note: string): Result {
  return {
    name,
    value: rounded(median(seconds)),
    unit: 's',
    runs: seconds.length,
    note: `${note}, three sessions running: ${spread(seconds)} s`,
  };
}

/** When a status shows the release and that the rollout was taken back; milliseconds of `Date.now()`. */
async function answersAgainAt(cluster: BenchCluster, { version }: InstalledRelease): Promise<number> {
  return await pollUntil(
    async () => {
      const { stdout } = await cluster.shell.run(['convocate-host', 'status', '--json']);
      const isBack =
        stdout.includes(`"version":${JSON.stringify(version)}`) && stdout.includes('"rolled_back"');
      return isBack ? Date.now() : undefined;
    },
    { timeoutMs: 120_000, intervalMs: 100, what: `the agent is back on ${version}` },
  );
}
