import * as z from 'zod/mini';
import { AttachHeader } from './attach.ts';
import { AgentId, Session, SessionId } from './session.ts';
import { HostCapacity, SliceUsage } from './usage.ts';

/**
 * The contract on `/run/convocate/shell.sock` (decision 9): the service holds the cluster's keys and connections,
 * whoever may open the socket speaks through it. One JSON request line per connection, one JSON answer line in the
 * envelope of the agents' RPC; after the answer to `attach` the connection carries raw terminal bytes, and after that to
 * `watch` one JSON line for each change.
 */

/** Who asks, as the client tells it; for the log of changes. Operators share one account, so it is not proven. */
export const Operator = z.object({
  user: z.string().check(z.maxLength(64)),
  /** Address the operator logged in from, or "local". */
  from: z.string().check(z.maxLength(128)),
});
export type Operator = z.infer<typeof Operator>;

export const AgentView = z.object({
  agent_id: AgentId,
  /** As registered by `init-agent`. */
  host: z.string(),
  /** The warm connection to 222 stands. */
  up: z.boolean(),
  /** When `up` last changed; RFC 3339. */
  since: z.string(),
  /** Why it is down. */
  problem: z.optional(z.string()),
  version: z.string(),
  image_tag: z.string(),
  /** Whether Docker answers the agent, as its last ping said, and since when; absent where it never said. */
  docker: z.optional(z.object({ answers: z.boolean(), since: z.string() })),
  /** As its last heartbeat said, and so are the next two; none without one on the connection that stands. */
  load: z.array(z.number()),
  slice: z.optional(SliceUsage),
  capacity: z.optional(HostCapacity),
  /** The agent's own connection to this shell's 223, on which its events come. */
  status_link: z.optional(
    z.object({
      up: z.boolean(),
      /** When `up` last changed, or another program of the agent said that it had started; RFC 3339. */
      since: z.string(),
      /** Of the program that said so last; empty where none has yet. */
      version: z.string(),
    }),
  ),
});
export type AgentView = z.infer<typeof AgentView>;

/** A session together with where it runs; `stale` where its agent, or Docker there, cannot be asked just now. */
export const SessionView = z.extend(Session, {
  host: z.string(),
  stale: z.boolean(),
  /** Its image is older than what its agent would start today. */
  older_image: z.boolean(),
  /** As the agent's last heartbeat said of a running session; see `SessionUsage`. */
  memory_bytes: z.optional(z.number()),
  cpu_percent: z.optional(z.number()),
});
export type SessionView = z.infer<typeof SessionView>;

/** All there is to see, at one moment: the answer to `watch`. */
export const ClusterSnapshot = z.object({
  /** What the operators call this cluster. */
  name: z.string(),
  /** The release that the shell host's service runs. */
  version: z.string(),
  /** Load averages of the shell host. */
  load: z.array(z.number()),
  agents: z.array(AgentView),
  sessions: z.array(SessionView),
});
export type ClusterSnapshot = z.infer<typeof ClusterSnapshot>;

/**
 * What is another since the line before it; each view comes whole. At least one line comes every 5 s, with nothing but
 * the load in it when nothing happened: a client that hears nothing for longer knows that the service hangs.
 */
export const ClusterChange = z.object({
  load: z.optional(z.array(z.number())),
  agents: z.optional(z.array(AgentView)),
  sessions: z.optional(z.array(SessionView)),
  gone_agents: z.optional(z.array(AgentId)),
  gone_sessions: z.optional(z.array(z.object({ agent_id: AgentId, uuid: SessionId }))),
});
export type ClusterChange = z.infer<typeof ClusterChange>;

/** The service sends a line at least this often on a `watch`. */
export const WATCH_BEAT_MS = 5_000;

/**
 * Longest answer line, newline left out: some 100,000 sessions. The limit of the other lines is against strangers;
 * here root's own service answers, and whole: a list in pieces would be shown in pieces.
 */
export const SHELL_ANSWER_BYTES = 64 * 1024 * 1024;

export const ShellRequest = z.discriminatedUnion('op', [
  z.object({ op: z.literal('agents') }),
  z.object({ op: z.literal('sessions') }),
  z.object({ op: z.literal('watch') }),
  z.object({
    op: z.literal('call'),
    agent_id: AgentId,
    rpc: z.object({ op: z.string(), params: z.optional(z.unknown()) }),
    operator: Operator,
  }),
  z.object({ op: z.literal('attach'), agent_id: AgentId, header: AttachHeader, operator: Operator }),
  z.object({ op: z.literal('resize'), attach_id: z.string(), cols: z.int(), rows: z.int() }),
]);
export type ShellRequest = z.infer<typeof ShellRequest>;

export const AttachAccepted = z.object({ attach_id: z.string() });
