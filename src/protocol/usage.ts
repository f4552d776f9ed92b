import * as z from 'zod/mini';
import { SessionId } from './session.ts';

/** What all sessions of a host together use, as systemd counts it; null where it does not. */
export const SliceUsage = z.object({
  memory_bytes: z.nullable(z.number()),
  memory_max_bytes: z.nullable(z.number()),
  cpu_usage_ns: z.nullable(z.number()),
  tasks: z.nullable(z.number()),
});
export type SliceUsage = z.infer<typeof SliceUsage>;

/** What an agent host has, and has left. */
export const HostCapacity = z.object({
  cpus: z.int(),
  memory_bytes: z.number(),
  /** As the kernel reckons what could be had without swapping. */
  memory_available_bytes: z.number(),
});
export type HostCapacity = z.infer<typeof HostCapacity>;

/** What one running session uses. */
export const SessionUsage = z.object({
  id: SessionId,
  memory_bytes: z.number(),
  /** Of one core, over the time since the heartbeat before. */
  cpu_percent: z.number(),
});
export type SessionUsage = z.infer<typeof SessionUsage>;
