import { enter } from '../operator.ts';
import { provisioningUser } from '../../ssh-access.ts';
import type { Scene } from '../story.ts';

export const initAgents: Scene = {
  title: 'Two hosts become agents',
  play: async (story) => {
    const { show } = story;
    show.say(
      'The fingerprint is read on the host itself and given along, so first contact trusts nobody. The key is pinned from then on.',
    );
    for (const [index, agent] of story.get('lab').agents.entries()) {
      const fingerprint = await agent.sshHostFingerprint();
      const who = `--host ${agent.hostname} --user ${provisioningUser}`;
      const command = `sudo convocate-host init-agent ${who} --host-key ${fingerprint} --soak 2s`;
      // The second host goes the same way.
      await enter(story, 'ops', command, index === 0 ? {} : { most: 4 });
    }
  },
};
