import { baseImageTag } from '../../base-image.ts';
import { installTree } from '../../cluster.ts';
import { buildTree } from '../../trees.ts';
import { enter } from '../operator.ts';
import { oldRelease } from '../releases.ts';
import type { Scene } from '../story.ts';

export const installRelease: Scene = {
  title: 'The shell host gets release v1.0.0',
  play: async (story) => {
    const { show } = story;
    const lab = story.get('lab');
    show.say(
      'Updates start at the shell host: it builds releases, signs them and keeps them. "make install" puts the commands in place and builds the session image.',
    );
    const { version } = oldRelease;
    show.gap();
    const tree = await show.working(`the sources as they stand, built as ${version}`, buildTree(oldRelease));
    const flags = `--base-image ${baseImageTag('bookworm')} --toolchain minimal`;
    show.prompt('root', 'shell', `make -C /opt/convocate/${version} install INSTALL_FLAGS="${flags}"`);
    const printed = await show.working('make install', installTree(lab, tree));
    for (const line of printed.trim().split('\n')) if (!line.startsWith('make: ')) show.output(line);
    await enter(story, 'ops', 'sudo convocate-host init-shell');
  },
};
