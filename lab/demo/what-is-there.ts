// What is on the agent hosts, asked of Docker, systemd and the file system there, not of the product: the demo's claims
// must not rest on the word of what they are about.
import { AGENT_HOST, LABEL } from '../../src/protocol/host-layout.ts';
import type { Lab } from '../lab.ts';
import type { Machine } from '../machine.ts';

export interface AgentSeen {
  readonly host: string;
  /** Which release the live link names. */
  readonly version: string;
  /** What new and restarted sessions will run. */
  readonly image: string;
  readonly startedAtMs: number;
  readonly pid: string;
}

export interface SessionSeen {
  readonly host: string;
  readonly uuid: string;
  readonly name: string;
  readonly running: boolean;
  /** Empty where there is no container. */
  readonly containerId: string;
  readonly startedAt: string;
  readonly image: string;
  /** When each file in ~/work was written, oldest first. */
  readonly writtenAtMs: readonly number[];
}

/** A moment of the cluster, read from the hosts themselves. */
export interface Moment {
  readonly atMs: number;
  readonly agents: readonly AgentSeen[];
  readonly sessions: readonly SessionSeen[];
}

/** For what the demo needs to know and does not show. */
export async function ask(machine: Machine, argv: readonly string[], user = 'root'): Promise<string> {
  return (await machine.run(argv, { user })).stdout;
}

export async function lookAtCluster(lab: Lab): Promise<Moment> {
  const [agents, sessions] = await Promise.all([
    Promise.all(lab.agents.map(lookAtAgent)),
    Promise.all(lab.agents.map(lookAtSessions)),
  ]);
  return { atMs: Date.now(), agents, sessions: sessions.flat() };
}

/** The one session of this name; throws when there is none. */
export function named(moment: Moment, name: string): SessionSeen {
  const found = moment.sessions.find((session) => session.name === name);
  if (found === undefined) throw new Error(`there is no session ${name}`);
  return found;
}

async function lookAtAgent(machine: Machine): Promise<AgentSeen> {
  const unit = ['--property=MainPID', '--property=ExecMainStartTimestamp', AGENT_HOST.unit];
  const [link, image, shown] = await Promise.all([
    ask(machine, ['readlink', AGENT_HOST.currentLink]),
    ask(machine, ['cat', AGENT_HOST.currentImageFile]),
    ask(machine, ['systemctl', 'show', '--timestamp=unix', ...unit]),
  ]);
  return {
    host: machine.hostname,
    version: link.trim().split('/').at(-1) ?? '',
    image: image.trim(),
    startedAtMs: Number(/Timestamp=@(\d+)/.exec(shown)?.[1]) * 1000,
    pid: /MainPID=(\d+)/.exec(shown)?.[1] ?? '',
  };
}

async function lookAtSessions(machine: Machine): Promise<SessionSeen[]> {
  const stored = lines(
    await ask(machine, ['sh', '-c', `cat ${AGENT_HOST.sessionsDir}/*.json | jq -r '.uuid+" "+.name'`]),
  );
  const ids = lines(
    await ask(machine, ['docker', 'ps', '--all', '--quiet', `--filter=label=${LABEL.session}`]),
  );
  const format = `{{index .Config.Labels "${LABEL.session}"}} {{.Id}} {{.State.StartedAt}} {{.Config.Image}} {{.State.Running}}`;
  const containers =
    ids.length === 0 ? [] : lines(await ask(machine, ['docker', 'inspect', `--format=${format}`, ...ids]));
  const find = [
    'find',
    AGENT_HOST.homesDir,
    '-ignore_readdir_race',
    '-path',
    '*/work/*',
    '-name',
    '*-step-*',
    '-printf',
    String.raw`%P %T@\n`,
  ];
  const files = lines(await ask(machine, find));
  return stored.map((line) => {
    const [uuid = '', name = ''] = line.split(' ');
    const found = containers.find((container) => container.startsWith(uuid));
    const [, containerId = '', startedAt = '', image = '', running = ''] = found?.split(' ') ?? [];
    const times = files
      .filter((file) => file.startsWith(`${uuid}/`))
      .map((file) => Number(file.split(' ')[1]) * 1000);
    return {
      ...{ host: machine.hostname, uuid, name, containerId, startedAt, image },
      running: running === 'true',
      writtenAtMs: times.toSorted((a, b) => a - b),
    };
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
