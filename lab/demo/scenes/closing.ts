import { enter } from '../operator.ts';
import { newRelease } from '../releases.ts';
import type { Scene } from '../story.ts';

export const closing: Scene = {
  title: 'Where the cluster stands',
  play: async (story) => {
    const { show } = story;
    await enter(story, 'claude', 'convocate ls');
    const printed = await enter(story, 'ops', 'sudo convocate-host status');
    show.gap();
    show.claim(
      `status names both agents on ${newRelease.version}, and three sessions still to be moved`,
      /agent-a +v1\.1\.0 +convocate:v1\.1\.0 +2 running of 2 +1$/m.test(printed) &&
        /agent-b +v1\.1\.0 +convocate:v1\.1\.0 +2 running of 3 +2$/m.test(printed),
      printed,
    );
  },
};
