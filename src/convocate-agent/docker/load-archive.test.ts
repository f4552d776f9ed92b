import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import Docker from 'dockerode';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ScriptedEngine, startScriptedEngine } from './engine-fixture.ts';
import { loadArchive } from './load-archive.ts';

const MINUTE = 60_000;
let engine: ScriptedEngine;

beforeEach(async () => {
  engine = await startScriptedEngine();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await engine[Symbol.asyncDispose]();
});
const load = (archive: Readable): Promise<void> =>
  loadArchive(new Docker({ socketPath: engine.socketPath }), archive);
/** As a string that is undefined where it went well. */
const failureOf = (loading: Promise<void>): Promise<string | undefined> =>
  loading.then(
    () => undefined,
    (error: unknown) => String(error),
  );

test('an archive may take hours to come, as over a thin line', async () => {
  const archive = new PassThrough();
  let got = Promise.withResolvers<void>();
  engine.answer = (request, response) => {
    request.on('data', () => got.resolve());
    request.on('end', () => response.end('{"stream":"Loaded"}\n'));
  };
  const failure = failureOf(load(archive));
  for (let piece = 0; piece < 6; piece += 1) {
    got = Promise.withResolvers();
    archive.write('a layer');
    await got.promise;
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
  }
  archive.end();
  expect(await failure).toBeUndefined();
});

test.each([
  ['that has it all and never answers', false],
  ['that answers and never ends its answer', true],
])(
  'an engine %s is given up half an hour after the last of it, and the request ends',
  async (_what, answers) => {
    const [hasAll, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    engine.answer = (request, response) => {
      request.resume().on('end', () => hasAll.resolve());
      request.socket.on('close', () => closed.resolve());
      if (answers) response.write('{"stream":"Loading"}\n');
    };
    const failure = failureOf(load(Readable.from([Buffer.from('an archive')])));
    await hasAll.promise;
    await vi.advanceTimersByTimeAsync(30 * MINUTE);
    expect(await failure).toBe('DeadlineError: docker load did not finish within 1800 s');
    await closed.promise;
  },
);

test('an engine that takes no more of it is given up too, and who closes the archive ends what makes it', async () => {
  const [began, ended] = [Promise.withResolvers<IncomingMessage>(), Promise.withResolvers<void>()];
  engine.answer = (request) => began.resolve(request);
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield Buffer.alloc(1024 * 1024);
    } finally {
      ended.resolve();
    }
  }
  const layers = Readable.from(endless());
  const failure = failureOf(load(layers));
  const request = await began.promise;
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect(await failure).toBe('DeadlineError: docker load did not finish within 1800 s');
  layers.destroy(new Error('given up'));
  await ended.promise;
  const closed = new Promise((resolve) => request.socket.on('close', resolve));
  request.on('error', () => {}).resume(); // who does not read sees no end
  await closed;
});

test('what breaks the archive is told, and ends the request', async () => {
  const closed = Promise.withResolvers<void>();
  const archive = new PassThrough();
  engine.answer = (request) => {
    request.resume().socket.on('close', () => closed.resolve());
    archive.destroy(new Error('the line was cut'));
  };
  const failure = failureOf(load(archive));
  archive.write('a layer');
  expect(await failure).toBe('Error: the line was cut');
  await closed.promise;
});

test.each([
  ['{"stream":"x"}\n{"error":"open layer.tar: no such file"}\n', 'open layer.tar: no such file'],
  ['a text of no known kind\n', 'a text of no known kind'],
])('any error text in the answer is one, whatever its status: %j', async (answer, problem) => {
  engine.answer = (request, response) => void request.resume().on('end', () => response.end(answer));
  expect(await failureOf(load(Readable.from(['x'])))).toBe(`OperationError: docker load failed: ${problem}`);
});
