import type { ServerChannel } from 'ssh2';
import { withDeadline } from '../../base/deadline.ts';
import { AttachHeader } from '../../protocol/attach.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { describeIssue } from '../../protocol/rpc.ts';
import { readFirstLine, writeJsonLine } from '../../ssh/json-channel.ts';
import type { ChannelContext, SubsystemHandler } from '../../ssh/serve-session.ts';
import type { Peer } from '../peers.ts';
import { failure } from '../rpc/answer.ts';
import type { Agent } from '../sessions/agent.ts';
import { SessionStarter } from './ensure-running.ts';
import { SizeFollower } from './follow-size.ts';
import { HeldTerminals } from './held-terminals.ts';
import { relay } from './relay.ts';
import { openSessionTerminal } from './session-terminal.ts';

/** The subsystem `convocate-agent-attach`: one header line, then the session's terminal. */
export function attachSubsystem(agent: Agent): SubsystemHandler<Peer> {
  const service: AttachService = {
    agent,
    starter: new SessionStarter(agent),
    held: new HeldTerminals(agent),
  };
  return (channel, context) => {
    void serveAttach(service, channel, context);
  };
}

interface AttachService {
  readonly agent: Agent;
  readonly starter: SessionStarter;
  readonly held: HeldTerminals;
}

async function serveAttach(
  service: AttachService,
  channel: ServerChannel,
  context: ChannelContext<Peer>,
): Promise<void> {
  const { agent, held } = service;
  const who = { peer: context.peer.name, from: context.from };
  try {
    const { line, rest } = await withDeadline(readFirstLine(channel), LIMITS.requestMs, 'the header line');
    const header = parseHeader(line);
    if (header.resumable?.received === undefined) {
      agent.log.info({ ...who, session: header.id, readOnly: header.read_only }, 'attaching');
      await openTerminal(service, header, channel, context, rest);
      agent.log.info({ ...who, session: header.id }, 'detached');
    } else {
      held.resume(channel, rest, header, context.peer.name);
      agent.log.info({ ...who, session: header.id }, 'resumed');
    }
  } catch (error) {
    const answer = failure(error, agent.log);
    agent.log.info({ ...who, outcome: answer.error }, 'attach failed');
    channel.resume();
    if (!channel.writable) return;
    writeJsonLine(channel, answer);
    channel.exit(1);
    channel.end();
  }
}

/** Settles when the terminal is gone from the container. */
async function openTerminal(
  { agent, starter, held }: AttachService,
  header: AttachHeader,
  channel: ServerChannel,
  context: ChannelContext<Peer>,
  typed: Buffer,
): Promise<void> {
  const { resumable } = header;
  if (resumable) held.requireFree(resumable);
  await starter.ensureRunning(header.id, header.start ?? true);
  const terminal = await openSessionTerminal(agent, header);
  const size = new SizeFollower(
    (cols, rows) => terminal.resize(cols, rows),
    (error) => agent.log.warn({ err: error, session: header.id }, 'attach: no resize'),
  );
  size.resize(header.cols, header.rows);
  context.onResize((cols, rows) => size.resize(cols, rows));
  await agent.store.update(header.id, (now) => ({ ...now, last_accessed: agent.now().toISOString() }));
  if (resumable)
    await held.open(channel, typed, { header, resumable, peer: context.peer.name, terminal, size });
  else await relay(agent, header.id, channel, terminal, typed);
}

function parseHeader(line: string): AttachHeader {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RpcError('bad_request', 'the header is not JSON');
  }
  const parsed = AttachHeader.safeParse(value);
  if (!parsed.success) throw new RpcError('bad_request', describeIssue(parsed.error, 'header'));
  return parsed.data;
}
