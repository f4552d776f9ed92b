import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ScriptedEngine, startScriptedEngine } from './engine-fixture.ts';
import { DockerImages } from './images.ts';

let images: DockerImages;
let engine: ScriptedEngine;

beforeEach(async () => {
  engine = await startScriptedEngine();
  images = new DockerImages(engine.socketPath);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await engine[Symbol.asyncDispose]();
});

test.each([
  ['docker image inspect', 60, () => images.inspect('convocate:v1')],
  ['docker images', 60, () => images.tagsOf('convocate')],
  ['docker save', 1800, () => images.save('convocate:v1')],
  ['docker tag', 60, () => images.tag('convocate-staging:v1', 'convocate:v1')],
  ['docker rmi', 60, () => images.untag('convocate:v1')],
  ['docker ps', 60, () => images.usedByContainers()],
  ['docker ps', 60, () => images.removeTrials('convocate.proof')],
  ['docker create', 60, () => images.tryOut('convocate:v1', '/check', 'convocate.proof')],
])('where Docker hangs over "%s", the request ends after %i s: it keeps no process', async (what, s, ask) => {
  const [asked, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  engine.answer = (request) => {
    request.socket.on('close', () => closed.resolve());
    request.resume();
    asked.resolve();
  };
  const failure = ask().catch((error: unknown) => String(error));
  await asked.promise;
  await vi.advanceTimersByTimeAsync(s * 1000);
  expect(await failure).toBe(`DeadlineError: ${what} did not finish within ${s} s`);
  await closed.promise;
});

test('a throw-away container that hangs is given up, and removed over a connection of its own', async () => {
  const [waits, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const asked: string[] = [];
  engine.answer = (request, response) => {
    const [path] = (request.url ?? '').split('?');
    asked.push(`${request.method} ${path}`);
    request.resume();
    if (path === '/containers/c1/wait') {
      request.socket.on('close', () => closed.resolve());
      waits.resolve();
    } else if (path === '/containers/create') {
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"Id":"c1"}');
    } else response.writeHead(204).end();
  };
  const failure = images.tryOut('convocate:v1', '/check', 'proof').catch((error: unknown) => String(error));
  await waits.promise;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await failure).toBe('DeadlineError: the throw-away container did not finish within 60 s');
  await closed.promise;
  expect(asked).toEqual([
    'POST /containers/create',
    'POST /containers/c1/start',
    'POST /containers/c1/wait',
    'DELETE /containers/c1',
  ]);
});

test('what `docker save` prints comes in full', async () => {
  engine.answer = (request, response) => {
    request.resume();
    response.write('an ');
    setImmediate(() => response.end('archive'));
  };
  expect(await text(await images.save('convocate:v1'))).toBe('an archive');
});
