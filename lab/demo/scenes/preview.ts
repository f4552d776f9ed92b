import { type } from '../operator.ts';
import { diffSnapshots, snapshotHost } from '../../snapshot.ts';
import type { Scene } from '../story.ts';

/** Enough to see what a dry run looks like; the rest is diffs of the files that would change. */
const most = 16;

export const preview: Scene = {
  title: 'What would the update do? A dry run tells, and changes nothing',
  play: async (story) => {
    const agent = story.get('lab').agent(0);
    // What the sessions write is theirs and goes on.
    const look = { ignore: ['/home/claude'] };
    const before = await snapshotHost(agent, look);
    await type(story, 'ops', `sudo convocate-host update --host ${agent.hostname} --dry-run`, { most });
    const changed = diffSnapshots(before, await snapshotHost(agent, look));
    story.show.gap();
    story.show.claim(
      `${agent.hostname} is the same to the byte: ${before.size} files, units, images and containers compared`,
      changed.length === 0,
      changed.join('\n'),
    );
  },
};
