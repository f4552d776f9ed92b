import type { ServerChannel } from 'ssh2';
import { withDeadline } from '../../base/deadline.ts';
import { messageOf } from '../../base/errors.ts';
import { AttachHeader } from '../../protocol/attach.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { describeIssue } from '../../protocol/rpc.ts';
import { readFirstLine, writeJsonLine } from '../../ssh/json-channel.ts';
import type { ChannelContext, SubsystemHandler } from '../../ssh/serve-session.ts';
import type { Peer } from '../peers.ts';
import { failure } from '../rpc/answer.ts';
import type { CallLimits } from '../rpc/call-limits.ts';
import type { Agent } from '../sessions/agent.ts';
import { SessionStarter } from './ensure-running.ts';
import { SizeFollower } from './follow-size.ts';
import { HeldTerminals } from './held-terminals.ts';
import { relay } from './relay.ts';
import { type SessionTerminal, openSessionTerminal } from './session-terminal.ts';
import { SessionUse } from './session-use.ts';

/**
 * The subsystem `convocate-agent-attach`: one header line, then the session's terminal. An agent that is about to end
 * answers `busy`: a terminal that it opened or went on with now would be gone without a word.
 */
export function attachSubsystem(agent: Agent, limits: CallLimits): SubsystemHandler<Peer> {
  const service: AttachService = {
    agent,
    limits,
    starter: new SessionStarter(agent, limits),
    held: new HeldTerminals(agent),
  };
  return (channel, context) => {
    void serveAttach(service, channel, context);
  };
}

interface AttachService {
  readonly agent: Agent;
  readonly limits: CallLimits;
  readonly starter: SessionStarter;
  readonly held: HeldTerminals;
}

interface Request {
  readonly header: AttachHeader;
  readonly channel: ServerChannel;
  readonly context: ChannelContext<Peer>;
  /** Came in the same packets as the header line. */
  readonly typed: Buffer;
}

async function serveAttach(
  service: AttachService,
  channel: ServerChannel,
  context: ChannelContext<Peer>,
): Promise<void> {
  const { agent, held, limits } = service;
  const who = { peer: context.peer.name, from: context.from };
  try {
    const { line, rest } = await withDeadline(readFirstLine(channel), LIMITS.requestMs, 'the header line');
    const header = parseHeader(line);
    limits.requireOpen();
    if (header.resumable?.received === undefined) {
      agent.log.info({ ...who, session: header.id, readOnly: header.read_only }, 'attaching');
      await openTerminal(service, { header, channel, context, typed: rest });
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
async function openTerminal(service: AttachService, request: Request): Promise<void> {
  const { agent, starter, held, limits } = service;
  const { header } = request;
  if (header.resumable) held.requireFree(header.resumable);
  await starter.ensureRunning(header.id, header.start ?? true);
  const use = new SessionUse(agent, header.id);
  await use.note();
  limits.requireOpen();
  const terminal = await openSessionTerminal(agent, header);
  try {
    limits.requireOpen(); // from here on it is one of those that a stopping agent detaches: nothing is waited for in between
    await useTerminal(service, request, terminal, use);
  } catch (error) {
    await giveUp(agent, header.id, terminal);
    throw error;
  }
}

async function useTerminal(
  { agent, held }: AttachService,
  { header, channel, context, typed }: Request,
  terminal: SessionTerminal,
  use: SessionUse,
): Promise<void> {
  const { resumable } = header;
  if (resumable) held.requireFree(resumable); // another may have come with its id meanwhile
  const size = new SizeFollower(
    async (cols, rows) => {
      if (!terminal.stream.destroyed) await terminal.resize(cols, rows); // of one that is gone nobody wants the size
    },
    (error) => agent.log.warn({ err: error, session: header.id }, 'attach: no resize'),
  );
  size.resize(header.cols, header.rows);
  context.onResize((cols, rows) => size.resize(cols, rows));
  if (resumable)
    await held.open(channel, typed, { header, resumable, peer: context.peer.name, terminal, size, use });
  else await relay(agent, header.id, channel, terminal, typed, use);
}

/** A terminal that nobody got: no process of it stays in the container. */
async function giveUp(agent: Agent, id: string, terminal: SessionTerminal): Promise<void> {
  const warn = (error: unknown): void =>
    agent.log.warn({ session: id }, `attach: a client may be left in the container: ${messageOf(error)}`);
  terminal.stream.on('error', warn).resume(); // one that cannot write could not leave
  await terminal.detach().catch(warn);
  terminal.stream.destroy();
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
