import { atWork } from '../cast.ts';
import { fileStrip, longestPause, writtenWithin } from '../file-strip.ts';
import { imageOf, newRelease, oldRelease } from '../releases.ts';
import type { Scene, Story } from '../story.ts';
import { type AgentSeen, type Moment, type SessionSeen, named } from '../what-is-there.ts';

/** Characters for the strip of seconds, beside the names and the sums. */
const stripColumns = 50;

export const compare: Scene = {
  title: 'Before and after, as Docker and systemd on the agents tell it',
  play: async (story) => {
    const before = story.get('before');
    const after = story.get('after');
    compareAgents(story, before, after);
    compareSessions(story, before, after);
    showWork(story, before, after);
    showBytes(story);
  },
};

function compareAgents({ show }: Story, before: Moment, after: Moment): void {
  show.table([
    ['AGENT', 'BEFORE', 'PID', 'NEW SESSIONS RUN', '', 'AFTER', 'PID', 'NEW SESSIONS RUN'],
    ...before.agents.map((agent) => [
      agent.host,
      ...agentCells(agent),
      '→',
      ...agentCells(agentOf(after, agent.host)),
    ]),
  ]);
  show.gap();
  show.claim(
    `both agents run ${newRelease.version}, in a new process`,
    after.agents.every(
      (agent) =>
        agent.version === newRelease.version &&
        agent.image === imageOf(newRelease) &&
        agent.pid !== agentOf(before, agent.host).pid,
    ),
    JSON.stringify(after.agents),
  );
}

function compareSessions({ show }: Story, before: Moment, after: Moment): void {
  show.table([
    ['SESSION', 'BEFORE', 'STARTED', 'IMAGE', '', 'AFTER', 'STARTED', 'IMAGE'],
    ...before.sessions.map((session) => [
      session.name,
      ...cellsOf(session),
      '→',
      ...cellsOf(named(after, session.name)),
    ]),
  ]);
  show.gap();
  show.claim(
    'the same containers, running since the same moment, each on the image it had',
    before.sessions.map(whatMayNotChange).join() === after.sessions.map(whatMayNotChange).join() &&
      atWork.every(
        ({ name }) => named(after, name).image === imageOf(oldRelease) && named(after, name).running,
      ),
    after.sessions.map(whatMayNotChange).join('\n'),
  );
}

/** Files are written while the loop runs: no session stood still because its agent was replaced. */
function showWork({ show }: Story, before: Moment, after: Moment): void {
  const fromMs = before.atMs;
  const toMs = after.atMs;
  const stepMs = Math.max(1000, (toMs - fromMs) / stripColumns);
  show.gap();
  show.say(`Files written while the loop ran (${seconds(toMs - fromMs)}); ▲ is the restart of the agent.`);
  const rows = atWork.map(({ name, host }) => {
    const { writtenAtMs } = named(after, name);
    return [
      name,
      fileStrip(writtenAtMs, fromMs, toMs, stepMs),
      `+${writtenWithin(writtenAtMs, fromMs, toMs)}`,
      seconds(longestPause(writtenAtMs, fromMs, toMs)),
      host,
    ];
  });
  const marks = after.agents.map(({ host, startedAtMs }) => [
    host,
    `${' '.repeat(Math.max(0, Math.floor((startedAtMs - fromMs) / stepMs)))}▲`,
  ]);
  show.table([
    ['SESSION', 'FILES', 'NEW', 'LONGEST PAUSE'],
    ...after.agents.flatMap(({ host }) => [
      ...rows.filter((row) => row.at(-1) === host).map((row) => row.slice(0, -1)),
      ...marks.filter((mark) => mark[0] === host),
    ]),
  ]);
  show.gap();
  for (const { name, host } of atWork) {
    const { writtenAtMs } = named(after, name);
    const restartedAtMs = agentOf(after, host).startedAtMs;
    const counts = [
      named(before, name).writtenAtMs.length,
      writtenAtMs.filter((at) => at < restartedAtMs).length,
      writtenAtMs.length,
    ];
    const [first = 0, middle = 0, last = 0] = counts;
    show.claim(
      `${name} worked through it: ${first} files before, ${middle} when its agent was restarted, ${last} after`,
      first <= middle && middle < last, // the restart may come before the first file of the loop
      counts.join(', '),
    );
  }
}

function showBytes(story: Story): void {
  const { show } = story;
  const seedBytes = story.get('seedBytes');
  const sent = story.get('sent');
  show.table([
    ['AGENT', 'SENT', 'docker save | gzip', 'PART', 'TOOK'],
    ...sent.map(({ host, bytes, seconds: took }) => [
      host,
      grouped(bytes),
      grouped(seedBytes),
      `1 in ${Math.round(seedBytes / bytes)}`,
      `${took} s`,
    ]),
  ]);
  show.gap();
  show.claim(
    'each agent was sent less than a tenth of what the image takes as a whole',
    sent.length === 2 && sent.every(({ bytes }) => bytes > 0 && bytes * 10 < seedBytes),
    JSON.stringify(sent),
  );
}

function agentCells({ version, pid, image }: AgentSeen): string[] {
  return [version, pid, image];
}

function cellsOf({ running, containerId, startedAt, image }: SessionSeen): string[] {
  return running ? [containerId.slice(0, 12), startedAt.slice(11, 19), image] : ['not started', '', ''];
}

function whatMayNotChange({ name, containerId, startedAt, image, running }: SessionSeen): string {
  return JSON.stringify({ name, containerId, startedAt, image, running });
}

function agentOf(moment: Moment, host: string): AgentSeen {
  const found = moment.agents.find((agent) => agent.host === host);
  if (found === undefined) throw new Error(`there is no agent ${host}`);
  return found;
}

function seconds(timeMs: number): string {
  return `${(timeMs / 1000).toFixed(1)} s`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
