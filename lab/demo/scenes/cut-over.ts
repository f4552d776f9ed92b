import { pollUntil } from '../../deadline.ts';
import { CLAUDE_USER } from '../../../src/protocol/host-layout.ts';
import { atWork, lead } from '../cast.ts';
import { lookAtScreen } from '../look-at-screen.ts';
import { ask, type } from '../operator.ts';
import { imageOf, newRelease, oldRelease } from '../releases.ts';
import type { Moment, Scene, Story } from '../story.ts';
import { type SessionSeen, lookAtCluster, named } from '../what-is-there.ts';

export const cutOver: Scene = {
  title: 'One session moves to the new image, because the operator says so',
  play: async (story) => {
    const { show } = story;
    const lab = story.get('lab');
    show.say(
      'Sessions are on the old image (*) until someone kills and restarts them, one by one. The home stays, and with it the work and the conversation.',
    );
    await type(story, 'claude', `convocate kill ${lead}`);
    const stopped = named(await lookAtCluster(lab), lead);
    const conversation = await conversationOf(story, stopped);
    await type(story, 'claude', `convocate restart ${lead}`);
    show.gap();
    const after = await show.working(`${lead} is at work again`, untilAtWorkAgain(story, stopped));
    const moved = named(after, lead);
    const screen = await lookAtScreen(story, moved, {
      shows: /❯ Go on[\s\S]*Step \d+ of 500/,
      title: `${lead}, on ${moved.image}`,
      rows: 22,
    });
    show.gap();
    show.claim(
      `${lead} has a new container, on ${imageOf(newRelease)}`,
      moved.containerId !== stopped.containerId && moved.image === imageOf(newRelease),
      JSON.stringify(moved),
    );
    show.claim(
      `its screen has the new status line`,
      screen.includes(`convocate ${newRelease.version}`),
      screen,
    );
    show.claim(
      `none of its ${stopped.writtenAtMs.length} files was lost, and it writes on (${moved.writtenAtMs.length})`,
      moved.writtenAtMs.length > stopped.writtenAtMs.length &&
        stopped.writtenAtMs.every((at) => moved.writtenAtMs.includes(at)),
    );
    const resumed = await conversationOf(story, moved);
    show.claim(
      `it took up its conversation: the one of before (${conversation.lines} entries) goes on (${resumed.lines})`,
      resumed.file === conversation.file &&
        resumed.text.startsWith(conversation.text) &&
        resumed.lines > conversation.lines,
      `${conversation.file}, then ${resumed.file}`,
    );
    const others = atWork.filter(({ name }) => name !== lead).map(({ name }) => named(after, name));
    show.claim(
      'the others are where they were',
      others.every((other) => other.containerId === named(story.get('after'), other.name).containerId) &&
        others.every((other) => other.image === imageOf(oldRelease) && other.running),
    );
  },
};

async function untilAtWorkAgain(story: Story, stopped: SessionSeen): Promise<Moment> {
  return await pollUntil(
    `${lead} writes files again`,
    async () => {
      const moment = await lookAtCluster(story.get('lab'));
      return named(moment, lead).writtenAtMs.length > stopped.writtenAtMs.length ? moment : undefined;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
}

interface Conversation {
  readonly file: string;
  readonly text: string;
  readonly lines: number;
}

/** As Claude Code keeps it in the home: a file for each conversation, so a new one would show. */
async function conversationOf(story: Story, { host, uuid }: SessionSeen): Promise<Conversation> {
  const machine = story.get('lab').machine(host);
  const projects = `${CLAUDE_USER.home}/${uuid}/.claude/projects`;
  const files = (await ask(machine, ['find', projects, '-name', '*.jsonl'])).trim().split('\n').toSorted();
  const text = await ask(machine, ['cat', '--', ...files]);
  return {
    file: files.map((file) => file.slice(projects.length)).join(' '),
    text,
    lines: text.trim().split('\n').length,
  };
}
