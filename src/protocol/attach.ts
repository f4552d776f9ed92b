import * as z from 'zod/mini';
import { SessionId } from './session.ts';

export const TerminalSize = z.int().check(z.gte(1), z.lte(1000));

/**
 * Asks for a terminal that outlives its channel: frames (see `attach-frames.ts`) instead of raw bytes follow the header.
 */
export const Resumable = z.object({
  /** Made by the client, once for each terminal. */
  terminal_id: z.uuid(),
  /**
   * Bytes of output that the client has. Absent: open a new terminal. Present: go on with the one of this id; where the
   * agent does not hold it any more, it answers with the code `not_found`.
   */
  received: z.optional(z.int().check(z.gte(0))),
});
export type Resumable = z.infer<typeof Resumable>;

/** The one JSON line that opens `convocate-agent-attach`; the terminal's bytes follow it both ways. */
export const AttachHeader = z.object({
  id: SessionId,
  cols: z._default(TerminalSize, 80),
  rows: z._default(TerminalSize, 24),
  term: z._default(z.string().check(z.regex(/^[A-Za-z0-9._+-]{1,64}$/)), 'xterm-256color'),
  /** Watch without typing. */
  read_only: z._default(z.boolean(), false),
  /** false: a stopped session is not started, but refused with the code `conflict`. */
  start: z.optional(z.boolean()),
  resumable: z.optional(Resumable),
});
export type AttachHeader = z.infer<typeof AttachHeader>;

/** Why a terminal is over: what the last frame of a direction says. */
export const TerminalEnd = z.object({
  /**
   * From the agent: `detached` (the session goes on), `ended` (its program did), `removed` (the session was), `stopping`
   * (the agent stops; a new terminal can be had when it is back), `failed` (see its log). From the client: `left`.
   */
  reason: z.enum(['detached', 'ended', 'removed', 'stopping', 'failed', 'left']),
  /** Of the session's program, with `ended`. */
  exit_code: z.optional(z.int()),
  oom_killed: z.optional(z.boolean()),
  /** It was somebody's wish, by a kill. */
  asked_to_stop: z.optional(z.boolean()),
});
export type TerminalEnd = z.infer<typeof TerminalEnd>;

/** Numbers that both ends of a resumable terminal rest on. */
export const ATTACH = {
  /** Longest payload of a frame. */
  frameBytes: 64 * 1024,
  /** Output sent and not acknowledged: so much may lie between a key and its effect on the screen. */
  windowBytes: 256 * 1024,
  /** Output that an agent keeps for a client that is away; then the session's terminal is read no more. */
  heldBytes: 1024 * 1024,
  /** Keys sent and not acknowledged; then the client reads no more keys. */
  keysBytes: 64 * 1024,
  /** How long an agent holds a terminal whose channel is gone. Longer than any client tries: see `giveUpMs`. */
  holdMs: 120_000,
  /** How long our client tries to come back. An agent restarts in seconds, a host in a minute. */
  giveUpMs: 90_000,
  /** Each side sends something at least this often. */
  pingMs: 5_000,
  /** A side that hears nothing for this long takes the other one for lost: within 13 s, with the time to notice. */
  silenceMs: 12_000,
} as const;
