import { loadavg } from 'node:os';
import type { StatusEventBody } from '../../protocol/status-events.ts';
import { readHostCapacity } from './host-capacity.ts';
import { type RunningContainer, SessionMeter, scopeOf } from './session-meter.ts';
import { UNKNOWN_USAGE, readUnitUsage } from './unit-usage.ts';

/** Often enough to see a session at work; one call of systemctl each time is what it costs. */
export const HEARTBEAT_MS = 10_000;

type Heartbeat = Extract<StatusEventBody, { type: 'agent.heartbeat' }>;

export interface HeartbeatOptions {
  readonly publish: (event: Heartbeat) => void;
  /** The systemd slice of all sessions. */
  readonly slice: string;
  /** Undefined while Docker cannot be asked. */
  readonly running: () => readonly RunningContainer[] | undefined;
  /** For tests. */
  readonly readUnits?: typeof readUnitUsage;
  readonly now?: () => number;
  readonly intervalMs?: number;
}

/** Publishes at every interval what the host has left and what its sessions use. Gives a function that stops it. */
export function startHeartbeat(options: HeartbeatOptions): () => void {
  const { publish, slice, running, readUnits = readUnitUsage, now = Date.now } = options;
  const meter = new SessionMeter();

  const look = async (): Promise<Heartbeat> => {
    const containers = running();
    const scopes = (containers ?? []).map(({ id }) => scopeOf(id));
    const [usage, host] = await Promise.all([readUnits([slice, ...scopes]), readHostCapacity()]);
    const sessions = containers && meter.measure(containers, usage, now());
    return {
      type: 'agent.heartbeat',
      data: {
        load: loadavg(),
        slice: usage.get(slice) ?? UNKNOWN_USAGE,
        ...(host && { host }),
        ...(sessions && { sessions }),
      },
    };
  };

  // One look at a time: it ends within a moment, but a timer may be late and the next one early.
  let last: Promise<unknown> = look(); // only to know what the first one is counted from
  let stopped = false;
  const beat = async (): Promise<void> => {
    const event = await look();
    if (!stopped) publish(event);
  };
  const timer = setInterval(() => {
    last = last.then(beat);
  }, options.intervalMs ?? HEARTBEAT_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
