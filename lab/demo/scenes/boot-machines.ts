import { openLab } from '../../lab.ts';
import { hosts } from '../cast.ts';
import { copyClaudeTo } from '../../claude/claude-on-lab.ts';
import { type Scene, labName } from '../story.ts';

export const bootMachines: Scene = {
  title: 'Three machines boot',
  play: async (story) => {
    const { show } = story;
    show.say(
      'Each machine is a container on this box with systemd, sshd, sudo and a Docker Engine of its own. Nothing of convocate is on them yet.',
    );
    show.gap();
    const lab = await show.working(
      `shell, ${hosts.join(', ')}: booting`,
      openLab({ name: labName, agents: hosts.length }),
    );
    story.set('lab', lab);
    const claudeOnAgents = copyClaudeTo(lab);
    // Awaited by the scene that needs it; until then a failure must not end the process.
    claudeOnAgents.catch(() => undefined);
    story.set('claudeOnAgents', claudeOnAgents);
    for (const machine of lab.machines) {
      const { role, address } = machine.identity;
      show.say(`  ${machine.hostname.padEnd(8)}  ${address.padEnd(13)}  ${role} host`);
    }
  },
};
