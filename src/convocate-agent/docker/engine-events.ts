import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import * as z from 'zod/mini';
import { LineReader } from '../../base/line-reader.ts';
import { callDocker } from './docker-error.ts';
import type { ContainerEvent } from './docker.ts';

const OPEN_MS = 15_000;
const MAX_EVENT_BYTES = 1024 * 1024;
const ACTIONS = ['start', 'die', 'oom', 'destroy', 'rename', 'pause', 'unpause'];

const EventLine = z.object({
  Action: z.string(),
  timeNano: z.number(), // read as a double, which is exact to a microsecond
  Actor: z.object({ ID: z.string(), Attributes: z._default(z.record(z.string(), z.string()), {}) }),
});

/** Resolves once Docker has begun to report, so that whoever looks at the state afterwards misses nothing. */
export async function openEvents(
  client: Dockerode,
  label: string,
  signal: AbortSignal,
): Promise<AsyncIterable<ContainerEvent>> {
  const stream = (await callDocker('watch its events', OPEN_MS, (abortSignal) =>
    client.getEvents({
      filters: { type: ['container'], event: ACTIONS, label: [label] },
      abortSignal: AbortSignal.any([signal, abortSignal]),
    }),
  )) as Readable;
  const stop = (): void => void stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', stop));
  return readEvents(stream);
}

async function* readEvents(stream: Readable): AsyncGenerator<ContainerEvent> {
  const lines = new LineReader(MAX_EVENT_BYTES);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const line of lines.push(chunk)) {
      const event = parseEvent(line);
      if (event) yield event;
    }
  }
}

/** One line of Docker's event stream; undefined for what is none of ours. */
export function parseEvent(line: string): ContainerEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = EventLine.safeParse(value);
  if (!parsed.success) return undefined;
  const { Action, Actor, timeNano } = parsed.data;
  const { ID: id, Attributes: labels } = Actor;
  return { action: Action, atMs: timeNano / 1e6, id, name: labels['name'] ?? '', labels };
}
