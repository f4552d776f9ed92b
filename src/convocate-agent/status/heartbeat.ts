import { loadavg } from 'node:os';
import type { StatusEventBody } from '../../protocol/status-events.ts';
import type { SliceUsage } from '../../protocol/usage.ts';

const HEARTBEAT_MS = 30_000;

/** Publishes load and use of the slice at every interval. Gives a function that stops it. */
export function startHeartbeat(
  publish: (event: StatusEventBody) => void,
  readUsage: () => Promise<SliceUsage>,
  intervalMs = HEARTBEAT_MS,
): () => void {
  const beat = async (): Promise<void> => {
    publish({ type: 'agent.heartbeat', data: { load: loadavg(), slice: await readUsage() } });
  };
  const timer = setInterval(() => void beat(), intervalMs);
  return () => clearInterval(timer);
}
