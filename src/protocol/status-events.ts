import * as z from 'zod/mini';
import { AgentId, Session, SessionId } from './session.ts';
import { HostCapacity, SessionUsage, SliceUsage } from './usage.ts';

const SESSION_EVENTS = [
  'container.created',
  'container.edited',
  'container.started',
  'container.stopped',
  'container.died',
  'container.deleted',
  'container.attached',
  'container.detached',
  'container.activity',
] as const;
export type SessionEventType = (typeof SESSION_EVENTS)[number];

const envelope = {
  agent_id: AgentId,
  /** Rises by one per event within a connection, from 1; a gap means: ask for a snapshot. */
  seq: z.int(),
  timestamp: z.string(),
};

export const StatusEvent = z.discriminatedUnion('type', [
  z.object({
    ...envelope,
    type: z.literal('agent.started'),
    data: z.object({ version: z.string(), image_tag: z.string() }),
  }),
  z.object({
    ...envelope,
    type: z.literal('agent.snapshot'),
    /** A shell that began anew after `agent.started` was sent has the version from here; older agents do not say it. */
    data: z.object({ sessions: z.array(Session), version: z.optional(z.string()) }),
  }),
  z.object({
    ...envelope,
    type: z.literal('agent.heartbeat'),
    data: z.object({
      load: z.array(z.number()),
      slice: SliceUsage,
      host: z.optional(HostCapacity),
      sessions: z.optional(z.array(SessionUsage)),
    }),
  }),
  z.object({ ...envelope, type: z.literal('agent.shutdown'), data: z.object({ reason: z.string() }) }),
  z.object({ ...envelope, type: z.enum(SESSION_EVENTS), session_id: SessionId, data: Session }),
]);
export type StatusEvent = z.infer<typeof StatusEvent>;
export type AgentSnapshot = Extract<StatusEvent, { type: 'agent.snapshot' }>['data'];
export type StatusEventBody = StatusEvent extends infer E
  ? E extends StatusEvent
    ? Omit<E, 'agent_id' | 'seq' | 'timestamp'>
    : never
  : never;
