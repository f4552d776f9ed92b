import { once } from 'node:events';
import type { Command } from 'commander';
import { type ClusterEvent, baselineOf, changesBetween } from './cluster-changes.ts';
import type { ClusterPicture } from '../../cluster/cluster-picture.ts';
import { endCause } from '../how-it-ended.ts';
import { parseDuration, wholeNumber } from './option-values.ts';
import { jsonLine, printable } from './printable.ts';

interface EventsOptions {
  readonly agent?: string;
  readonly session?: string;
  readonly count?: number;
  readonly timeout?: number;
  readonly json?: boolean;
}

export function addEventsCommand(program: Command): void {
  program
    .command('events')
    .description('print a line for each change of an agent or a session, until Ctrl-C')
    .option('--agent <host|id>', 'only of this agent and its sessions')
    .option('--session <session>', 'only of this session: UUID, its first 8 or more characters, or name')
    .option('--count <n>', 'end after so many', wholeNumber(1, 999_999_999))
    .option('--timeout <time>', 'end after this, such as 30s, 5m, 2h', parseDuration)
    .option('--json', 'one JSON object a line')
    .action(events);
}

async function events(options: EventsOptions): Promise<void> {
  const [{ watchCluster }, { openShell }] = await Promise.all([
    import('./watch-cluster.ts'),
    import('./open-shell.ts'),
  ]);
  const isMeant = await filterOf(options);
  const end = new AbortController();
  const timer = options.timeout === undefined ? undefined : setTimeout(() => end.abort(), options.timeout);
  const onLost = (problem: string): void =>
    void process.stderr.write(`convocate-status.service went away (${problem}); waiting for its return\n`);
  try {
    let left = options.count ?? Number.POSITIVE_INFINITY;
    let before: ClusterPicture | undefined;
    for await (const picture of watchCluster(openShell(), { signal: end.signal, onLost })) {
      const now = baselineOf(before, picture);
      const changes = before ? changesBetween(before, now).filter(isMeant) : [];
      before = now;
      const at = new Date();
      for (const change of changes.slice(0, left))
        await print(
          options.json ? jsonLine({ at: at.toISOString(), ...change }) : `${eventLine(change, at)}\n`,
          end.signal,
        );
      left -= changes.length;
      if (left <= 0) return;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a reader that is slow: what is kept for it here would have no end. */
async function print(text: string, signal: AbortSignal): Promise<void> {
  if (process.stdout.write(text) || signal.aborted) return;
  await once(process.stdout, 'drain', { signal }).catch(() => {});
}

/** Names are looked up once, at the start: a script that means one session must not be told of another. */
async function filterOf({
  agent: wantedAgent,
  session: wantedSession,
}: EventsOptions): Promise<(event: ClusterEvent) => boolean> {
  const [{ openShell }, { namedAgent }, { findSession }] = await Promise.all([
    import('./open-shell.ts'),
    import('./choose-agent.ts'),
    import('./find-session.ts'),
  ]);
  const shell = openShell();
  if (wantedSession !== undefined) {
    const options = wantedAgent === undefined ? {} : { agent: wantedAgent };
    const { agent_id, uuid } = await findSession(shell, wantedSession, options);
    return (event) => event.agent_id === agent_id && event.session === uuid;
  }
  const agents = await shell.agents();
  if (wantedAgent === undefined) return () => true;
  const { agent_id } = namedAgent(agents, wantedAgent);
  return (event) => event.agent_id === agent_id;
}

/** `14:03:22 agent-a api-work (1c4e2f7a): running -> stopped (exit code 137, out of memory)`, in local time. */
export function eventLine(event: ClusterEvent, at: Date): string {
  const { host, session, name, from, to, detail } = event;
  const who =
    session === undefined ? '' : ` ${printable(name ?? '') || '(no name)'} (${session.slice(0, 8)})`;
  const remarks = [endCause(event), detail && printable(detail)].filter(Boolean).join(', ');
  const [, kind = ''] = event.event.split('.');
  const what = from === undefined ? kind : `${printable(from)} -> ${printable(to ?? '')}`;
  const time = at.toTimeString().slice(0, 8);
  return `${time} ${printable(host)}${who}: ${what}${remarks && ` (${remarks})`}`;
}
