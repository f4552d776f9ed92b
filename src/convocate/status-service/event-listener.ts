import type { ServerChannel } from 'ssh2';
import { AgentKeys } from '../../cluster/agent-keys.ts';
import type { LiveView } from '../../cluster/live-view.ts';
import { SUBSYSTEM } from '../../protocol/limits.ts';
import { describeIssue } from '../../protocol/rpc.ts';
import { StatusEvent } from '../../protocol/status-events.ts';
import { readLines } from '../../ssh/json-channel.ts';
import { type Listener, listen } from '../../ssh/listener.ts';
import type { Logger } from './service-log.ts';

export interface EventListenerOptions {
  readonly hostKey: string;
  readonly port: number;
  readonly address?: string | undefined;
  readonly agentKeysDir?: string | undefined;
  readonly live: LiveView;
  readonly log: Logger;
}

/** Complaints logged per connection; the rest is only counted, or a broken agent would fill the journal. */
const MAX_COMPLAINTS = 10;

/** The listener on 223: takes status events from registered agents, each of which speaks for itself only. */
export async function listenForEvents(options: EventListenerOptions): Promise<Listener> {
  const { hostKey, port, address, agentKeysDir, live, log } = options;
  const keys = new AgentKeys(agentKeysDir);
  return await listen<string>({
    hostKey,
    port,
    ...(address !== undefined && { address }),
    identify: (publicKey) => keys.identify(publicKey),
    subsystems: {
      [SUBSYSTEM.status]: (channel, { peer, from }) => {
        takeEvents(channel, peer, live, log.child({ agent: peer, from })).catch((error: unknown) => {
          log.error({ agent: peer, from, err: error }, 'events could not be taken');
          channel.end();
        });
      },
    },
    onProblem: (message, from) => log.warn({ from }, message),
  });
}

async function takeEvents(
  channel: ServerChannel,
  agentId: string,
  live: LiveView,
  log: Logger,
): Promise<void> {
  const stream = await live.openStream(agentId);
  let complaints = 0;
  const complain = (facts: Record<string, unknown>, message: string): void => {
    complaints += 1;
    if (complaints <= MAX_COMPLAINTS) log.warn(facts, message);
  };
  log.info('an agent sends events');
  channel.on('close', () => {
    stream.end();
    log.info({ complaints }, 'the stream of events ended');
  });
  channel.on('end', () => {
    channel.exit(0);
    channel.end();
  });
  readLines(
    channel,
    (line) => {
      const event = parseEvent(line);
      if (typeof event === 'string') complain({ problem: event }, 'a damaged event was dropped');
      else if (event.agent_id !== agentId)
        complain({ claimed: event.agent_id, type: event.type }, 'an event for another agent was dropped');
      else {
        logEvent(log, event);
        stream.take(event);
      }
    },
    (error) => complain({ problem: error.message }, 'the stream of events was cut'),
  );
}

/** The event, or what is wrong with it. */
function parseEvent(line: string): StatusEvent | string {
  try {
    const event = StatusEvent.safeParse(JSON.parse(line));
    return event.success ? event.data : describeIssue(event.error, 'event');
  } catch {
    return 'not JSON';
  }
}

function logEvent(log: Logger, event: StatusEvent): void {
  const { type, seq } = event;
  // What comes without anyone's doing, all day long, would bury what somebody did.
  if (type === 'agent.heartbeat') log.debug({ type, seq }, 'event');
  else if (type === 'container.activity') log.debug({ type, seq, session: event.session_id }, 'event');
  else if (type === 'agent.snapshot') log.info({ type, seq, sessions: event.data.sessions.length }, 'event');
  else if (type === 'agent.started' || type === 'agent.shutdown')
    log.info({ type, seq, ...event.data }, 'event');
  else log.info({ type, seq, session: event.session_id, name: event.data.name }, 'event');
}
