import * as z from 'zod/mini';
import { Activity } from './activity.ts';
import { isAgentId, isSessionId } from './ids.ts';

export const SessionId = z.string().check(z.refine(isSessionId, 'must be a UUID of version 4'));
export const AgentId = z.string().check(z.refine(isAgentId, 'must be 8 characters [a-z0-9]'));

export const SessionName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 _ -'));

/** 0 none, -1 any free one from 1001 up, else that very port. */
export const SessionPort = z.int().check(z.gte(-1), z.lte(65_535));
export const Protocol = z.enum(['tcp', 'udp']);
/** One lowercase DNS label, or several joined by dots; empty for none. */
export const DnsName = z
  .string()
  .check(
    z.maxLength(253),
    z.regex(
      /^$|^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
      'must be lowercase DNS labels joined by dots',
    ),
  );

/** The exit code of a session's entrypoint that was told to end: by a kill, or because its host went down. */
export const STOPPED_EXIT = 143;
/** The exit code that Docker gives to what it finds dead when it starts, as after a power cut; programs have it too. */
export const FOUND_DEAD_EXIT = 255;

/** What an agent tells about a session. Times are RFC 3339 in UTC; empty where it never happened. */
export const Session = z.object({
  uuid: SessionId,
  name: z.string(),
  port: z.int(),
  protocol: Protocol,
  dns_name: z.string(),
  created_at: z.string(),
  last_accessed: z.string(),
  agent_id: AgentId,
  /** How many clients are attached. */
  attached: z.int(),
  running: z.boolean(),
  /** Tag of the image that the container was made from; empty before the first start. */
  image: z.string(),
  container_id: z.string(),
  started_at: z.string(),
  exit_code: z.optional(z.int()),
  oom_killed: z.optional(z.boolean()),
  /** It ended because somebody wanted it to, with a kill: whatever its exit code, nobody needs to look. */
  asked_to_stop: z.optional(z.boolean()),
  /** A change other than a clone is under way, or one was cut off: `override` clears it. */
  locked: z.boolean(),
  /** Which box it runs in: `boxed`, or the name of a looser profile. */
  profile: z.optional(z.string()),
  /** Set where the stored metadata is damaged: shown, never hidden. */
  damaged: z.optional(z.string()),
  /** A home that no metadata belongs to: there is nothing but the directory. */
  orphan: z.optional(z.boolean()),
  /** What its program is doing; absent of a session that has never run. */
  activity: z.optional(Activity),
});
export type Session = z.infer<typeof Session>;
