import { enter } from '../operator.ts';
import { diffSnapshots, snapshotHost } from '../../snapshot.ts';
import type { Scene } from '../story.ts';

/** Up to where the diffs of the files that would change begin. */
const most = 17;

export const preview: Scene = {
  title: 'What would the update do? A dry run tells, and changes nothing',
  play: async (story) => {
    const agent = story.get('lab').agent(0);
    // What the sessions write goes on; their program is large and nobody's to change.
    const look = { ignore: ['/home/claude', '/usr/local/bin/claude'] };
    const before = await snapshotHost(agent, look);
    await enter(story, 'ops', `sudo convocate-host update --host ${agent.hostname} --dry-run`, { most });
    const changed = diffSnapshots(before, await snapshotHost(agent, look));
    story.show.gap();
    story.show.claim(
      `${agent.hostname} is the same to the byte: ${before.size} files, units, images and containers compared`,
      changed.length === 0,
      changed.join('\n'),
    );
  },
};
