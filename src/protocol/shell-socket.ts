import * as z from 'zod/mini';
import { AttachHeader } from './attach.ts';
import { AgentId, Session } from './session.ts';

/**
 * The contract on `/run/convocate/shell.sock` (decision D8): the service holds the cluster's keys and connections,
 * whoever may open the socket speaks through it. One JSON request line per connection, one JSON answer line in the
 * envelope of the agents' RPC; after the answer to `attach` the connection carries raw terminal bytes.
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
  load: z.array(z.number()),
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

/** A session together with where it runs; `stale` where its agent cannot be asked just now. */
export const SessionView = z.extend(Session, {
  host: z.string(),
  stale: z.boolean(),
  /** Its image is older than what its agent would start today. */
  older_image: z.boolean(),
});
export type SessionView = z.infer<typeof SessionView>;

export const ShellRequest = z.discriminatedUnion('op', [
  z.object({ op: z.literal('agents') }),
  z.object({ op: z.literal('sessions') }),
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
