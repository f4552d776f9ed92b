import { join } from 'node:path';
import { buildTree } from '../../trees.ts';
import { enter } from '../operator.ts';
import { imageOf, newRelease } from '../releases.ts';
import type { Scene } from '../story.ts';
import { ask } from '../what-is-there.ts';

export const installNextRelease: Scene = {
  title: 'Release v1.1.0 is built and installed on the shell host',
  play: async (story) => {
    const { show } = story;
    const { shell } = story.get('lab');
    const { version } = newRelease;
    show.say(
      'It changes the agent program, and the session image: a status line at the bottom of each session. The agents do not notice anything yet.',
    );
    show.gap();
    const tree = await show.working(
      `the sources with that change, built as ${version}`,
      buildTree(newRelease),
    );
    const folder = `/opt/convocate/${version}`;
    await ask(shell, ['mkdir', '-p', folder]);
    await shell.copyIn(join(tree, 'build'), `${folder}/build`);
    await shell.copyIn(join(tree, 'Makefile'), `${folder}/Makefile`);
    await enter(story, 'ops', `cd ${folder} && sudo make install`);
    show.gap();
    show.say(
      'For comparison: what a plain `docker save | gzip` of this image would send to every single agent, in bytes.',
    );
    const printed = await enter(story, 'ops', `sudo docker save ${imageOf(newRelease)} | gzip | wc --bytes`);
    story.set('seedBytes', Number(printed));
  },
};
