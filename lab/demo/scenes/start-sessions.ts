import { pollUntil } from '../../../src/base/deadline.ts';
import { atWork, cast, lead } from '../cast.ts';
import { configureAgents, startApi } from '../../claude/claude-on-lab.ts';
import { lookAtScreen } from '../look-at-screen.ts';
import { enter } from '../operator.ts';
import type { Scene, Story } from '../story.ts';
import { lookAtCluster, named } from '../what-is-there.ts';
import { oldRelease } from '../releases.ts';

/** A new session starts on its task, one that was stopped takes up its conversation. Neither waits for a person. */
const commands = {
  session_command: 'claude "Improve $HOSTNAME in 500 steps"',
  resume_command: 'claude --continue "Go on, in 500 steps"',
};

export const startSessions: Scene = {
  title: 'Sessions start, with the real Claude Code',
  play: async (story) => {
    const { show } = story;
    const lab = story.get('lab');
    show.say(
      'The program is the real one from npm. Its API is played by a stand-in on the shell host, so no account and no internet is needed. Each session works through a list of steps and writes a file per step.',
    );
    show.gap();
    await show.working(
      'Claude Code is on both agent hosts (381 MB each, copied meanwhile)',
      story.get('claudeOnAgents'),
    );
    await startApi(lab, oldRelease.version);
    await configureAgents(lab, commands);
    for (const { name, host, stopped } of cast)
      await enter(story, 'claude', `convocate new ${name} --agent ${host}${stopped ? '' : ' --start'}`);
    show.gap();
    await show.working('every session has written its first two files', untilAtWork(story));
    await enter(story, 'claude', 'convocate ls');
    const seen = named(await lookAtCluster(lab), lead);
    await lookAtScreen(story, seen, {
      shows: /Step \d+ of 500/,
      title: `${lead}: Ctrl-B D leaves it, and it works on`,
    });
  },
};

async function untilAtWork(story: Story): Promise<void> {
  await pollUntil(
    async () => {
      const moment = await lookAtCluster(story.get('lab'));
      const slow = atWork.filter(({ name }) => named(moment, name).writtenAtMs.length < 2);
      return slow.length === 0 ? true : undefined;
    },
    { timeoutMs: 180_000, intervalMs: 500, what: 'every session writes files' },
  );
}
