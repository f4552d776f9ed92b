import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import * as z from 'zod/mini';
import { DeadlineError } from '../../base/deadline.ts';
import { OperationError } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';

/** How long Docker may take over what it has, once nothing more comes or it takes nothing more. */
const LOAD_MS = 30 * 60_000;
const LoadLine = z.object({ error: z.optional(z.string()), stream: z.optional(z.string()) });

/**
 * Feeds an archive to Docker. Throws OperationError on any error text: an exit code alone does not tell. How long the
 * archive takes to come is for whoever sends it: Docker's own time begins anew with each piece that it takes. However
 * this ends, the request has ended with it; whoever opened the archive closes it.
 */
export async function loadArchive(docker: Docker, archive: Readable): Promise<void> {
  const abort = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineError('docker load', LOAD_MS)), LOAD_MS);
  const taken = new Transform({
    transform: (chunk, _encoding, done) => {
      timer.refresh();
      done(null, chunk);
    },
  });
  pipeline(archive, taken).catch(() => {}); // the request fails with it, by way of `taken`
  try {
    const loading = docker.loadImage(taken, { quiet: true, abortSignal: abort.signal }).then(answerOf);
    for (const line of (await Promise.race([loading, late])).split('\n').filter(Boolean)) {
      const parsed = LoadLine.safeParse(parseJson(line));
      const problem = parsed.success ? parsed.data.error : line;
      if (problem) throw new OperationError(`docker load failed: ${problem.trim()}`);
    }
  } finally {
    clearTimeout(timer);
    abort.abort(); // a request that Docker neither takes in nor answers would keep the process for ever
  }
}

async function answerOf(answer: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}
