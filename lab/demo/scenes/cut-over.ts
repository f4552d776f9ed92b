import { pollUntil } from '../../../src/base/deadline.ts';
import { CLAUDE_USER } from '../../../src/protocol/host-layout.ts';
import { atWork, lead } from '../cast.ts';
import { lookAtScreen } from '../look-at-screen.ts';
import { enter } from '../operator.ts';
import { imageOf, newRelease, oldRelease } from '../releases.ts';
import type { Scene, Story } from '../story.ts';
import { type Moment, type SessionSeen, ask, lookAtCluster, named } from '../what-is-there.ts';

export const cutOver: Scene = {
  title: 'One session moves to the new image, because the operator says so',
  play: async (story) => {
    const { show } = story;
    const lab = story.get('lab');
    show.say(
      'Sessions are on the old image (*) until someone kills and restarts them, one by one. The home stays, and with it the work and the conversation.',
    );
    await enter(story, 'claude', `convocate kill ${lead}`);
    const stopped = named(await lookAtCluster(lab), lead);
    const conversation = await conversationOf(story, stopped);
    await enter(story, 'claude', `convocate restart ${lead}`);
    const moved = named(await lookAtCluster(lab), lead);
    const drawn = await lookAtScreen(story, moved, {
      shows: /Go on, in 500 steps[\s\S]*Step \d+ of 500/,
      title: `${lead}, on ${moved.image}`,
      rows: 24,
    });
    show.gap();
    const after = await show.working(`${lead} writes files again`, untilAtWorkAgain(story, stopped));
    const written = named(after, lead).writtenAtMs;
    show.gap();
    show.claim(
      `${lead} has a new container, on ${imageOf(newRelease)}`,
      moved.containerId !== stopped.containerId && moved.image === imageOf(newRelease),
      JSON.stringify(moved),
    );
    show.claim(
      'its screen has the new status line',
      drawn.includes(`convocate ${newRelease.version}`),
      drawn.slice(-1000),
    );
    show.claim(
      `none of its ${stopped.writtenAtMs.length} files was lost, and it writes on (${written.length})`,
      written.length > stopped.writtenAtMs.length && stopped.writtenAtMs.every((at) => written.includes(at)),
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
    async () => {
      const moment = await lookAtCluster(story.get('lab'));
      return named(moment, lead).writtenAtMs.length > stopped.writtenAtMs.length ? moment : undefined;
    },
    { timeoutMs: 120_000, intervalMs: 500, what: `${lead} writes files again` },
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
