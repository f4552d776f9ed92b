import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { TailBuffer } from '../../base/tail-buffer.ts';
import { Demultiplexer } from './demultiplex.ts';
import { callDocker, statusOf } from './docker-error.ts';
import type { LogOptions, LogTail } from './docker.ts';

const READ_MS = 15_000;

/** The end of a container's log; undefined where there is no such container. */
export async function readLog(
  client: Dockerode,
  container: string,
  { tail, keepBytes }: LogOptions,
): Promise<LogTail | undefined> {
  return await callDocker(`read the log of ${container}`, READ_MS, async (abortSignal) => {
    // One line more than is wanted tells whether there are older ones.
    const stream = await openLog(client, container, tail + 1, abortSignal);
    if (!stream) return undefined;
    const demultiplexer = new Demultiplexer();
    const kept = new TailBuffer(keepBytes);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const piece of demultiplexer.push(chunk)) kept.push(piece);
    }
    return lastLines(kept, tail);
  });
}

/** Whole lines only. Pure. */
export function lastLines(kept: TailBuffer, tail: number): LogTail {
  const lines = kept.bytes().toString('utf8').replace(/\n$/, '').split('\n');
  if (kept.dropped && lines.length > 1) lines.shift();
  return {
    text: lines.slice(-tail).join('\n'),
    truncated: kept.dropped || lines.length > tail,
  };
}

/** dockerode's own `logs` would hold all of it in memory before it gives any. */
async function openLog(
  client: Dockerode,
  container: string,
  tail: number,
  abortSignal: AbortSignal,
): Promise<Readable | undefined> {
  return await new Promise((resolve, reject) => {
    client.modem.dial(
      {
        path: `/containers/${container}/logs?`,
        method: 'GET',
        isStream: true,
        abortSignal,
        options: { stdout: true, stderr: true, timestamps: true, tail },
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
      },
      (error: unknown, stream: unknown) => {
        if (!error) resolve(stream as Readable);
        else if (statusOf(error) === 404) resolve(undefined);
        else reject(error);
      },
    );
  });
}
