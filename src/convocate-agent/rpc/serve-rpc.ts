import type { ServerChannel } from 'ssh2';
import { withDeadline } from '../../base/deadline.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readFirstLine, writeJsonLine } from '../../ssh/json-channel.ts';
import type { ChannelContext, SubsystemHandler } from '../../ssh/serve-session.ts';
import type { Peer } from '../peers.ts';
import { type Answer, type AnswerDeps, answerLine, failure } from './answer.ts';

/** The subsystem `convocate-agent-rpc`: one request line, one answer line, and the channel is closed. */
export function rpcSubsystem(deps: AnswerDeps): SubsystemHandler<Peer> {
  return (channel, context) => {
    void serveCall(deps, channel, context);
  };
}

async function serveCall(
  deps: AnswerDeps,
  channel: ServerChannel,
  context: ChannelContext<Peer>,
): Promise<void> {
  const answer = await readAndAnswer(deps, channel, { peer: context.peer.name, from: context.from });
  if (channel.destroyed || !channel.writable) return; // the caller has gone; what was asked has been done
  writeJsonLine(channel, answer);
  channel.exit(0);
  channel.end();
}

async function readAndAnswer(
  deps: AnswerDeps,
  channel: ServerChannel,
  caller: { readonly peer: string; readonly from: string },
): Promise<Answer> {
  try {
    const { line } = await withDeadline(readFirstLine(channel), LIMITS.requestMs, 'the request');
    channel.resume(); // whatever else is sent is thrown away; unread, it would keep the channel open
    return await answerLine(deps, line, caller);
  } catch (error) {
    channel.resume();
    return failure(error, deps.log);
  }
}
