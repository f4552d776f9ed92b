import { pollUntil } from '../../../src/base/deadline.ts';
import { atWork, hosts } from '../cast.ts';
import { enter } from '../operator.ts';
import { newRelease } from '../releases.ts';
import type { Scene, SentBytes, Story } from '../story.ts';
import { lookAtCluster, named } from '../what-is-there.ts';

const loop = `for agent in ${hosts.join(' ')}; do
  echo "=== $agent ==="
  sudo convocate-host update --host "$agent" || break
done`;

export const rollOut: Scene = {
  title: 'The rollout: one agent after the other, the sessions at work',
  play: async (story) => {
    const { show } = story;
    show.say('The loop stops at the first host that fails.');
    story.set('before', await lookAtCluster(story.get('lab')));
    const printed = await enter(story, 'ops', loop);
    story.set('sent', bytesIn(printed));
    show.gap();
    await show.working(
      'every session has written a file since its agent was restarted',
      untilWorkingOn(story),
    );
    story.set('after', await lookAtCluster(story.get('lab')));
  },
};

/** What `update` says at the end of each host: "agent-a  updated to v1.1.0 in 12.3 s, 4567 bytes sent". */
function bytesIn(printed: string): SentBytes[] {
  const pattern = new RegExp(
    String.raw`^(\S+)\s+updated to ${newRelease.version.replaceAll('.', String.raw`\.`)} in ([\d.]+) s, (\d+) bytes sent$`,
    'gm',
  );
  return [...printed.matchAll(pattern)].map(([, host = '', seconds, bytes]) => ({
    host,
    seconds: Number(seconds),
    bytes: Number(bytes),
  }));
}

async function untilWorkingOn(story: Story): Promise<void> {
  await pollUntil(
    async () => {
      const moment = await lookAtCluster(story.get('lab'));
      const waiting = atWork.filter(({ name, host }) => {
        const restartedAtMs = moment.agents.find((agent) => agent.host === host)?.startedAtMs ?? 0;
        return (named(moment, name).writtenAtMs.at(-1) ?? 0) < restartedAtMs + 1000;
      });
      return waiting.length === 0 ? true : undefined;
    },
    { timeoutMs: 120_000, intervalMs: 500, what: 'every session works on after the rollout' },
  );
}
