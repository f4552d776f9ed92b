import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterPicture } from '../../cluster/cluster-picture.ts';
import { ShellClient } from '../../cluster/shell-client.ts';
import { ScriptedService } from './scripted-service-fixture.ts';
import { watchCluster } from './watch-cluster.ts';

let service: ScriptedService;
let lost: string[];
let end: AbortController;

beforeEach(async () => {
  service = await ScriptedService.start();
  lost = [];
  end = new AbortController();
});
afterEach(() => service[Symbol.asyncDispose]());

function watch(socketPath = service.socketPath): AsyncGenerator<ClusterPicture> {
  const onLost = (problem: string): void => void lost.push(problem);
  const shell = new ShellClient({ user: 'ann', from: 'local' }, socketPath);
  return watchCluster(shell, { signal: end.signal, onLost, returnMs: 50 });
}

test('a snapshot, then a picture a line, until it is ended', async () => {
  const pictures = watch();
  expect((await pictures.next()).value?.sessions.size).toBe(1);
  service.push({ gone_sessions: service.sessions });
  expect((await pictures.next()).value?.sessions.size).toBe(0);
  const next = pictures.next();
  end.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(lost).toEqual([]);
});

test('a service that stays away is given up on', async () => {
  const pictures = watch();
  await pictures.next();
  await service[Symbol.asyncDispose]();
  await expect(pictures.next()).rejects.toMatchObject({
    exit: 1,
    message: expect.stringMatching(/^the cluster cannot be watched: convocate-status\.service/),
  });
  expect(lost).toHaveLength(1);
  service = await ScriptedService.start();
});

test('a service that is not there is an error at once', async () => {
  await expect(watch('/nonexistent/shell.sock').next()).rejects.toThrow('the cluster cannot be watched');
  expect(lost).toEqual([]);
});

test('what waits for a caller that is slow has an end: of the rest it gets the newest', async () => {
  const pictures = watch();
  await pictures.next();
  const count = 300;
  for (let change = 1; change <= count; change += 1)
    service.push({ sessions: service.sessions.map((session) => ({ ...session, attached: change })) });
  const attached = async (): Promise<number> => {
    const { value } = await pictures.next();
    return [...(value as ClusterPicture).sessions.values()][0]?.attached ?? 0;
  };
  let seen = await attached();
  let told = 1;
  while (seen < count) {
    const now = await attached();
    expect(now).toBeGreaterThan(seen);
    seen = now;
    told += 1;
  }
  expect(told).toBeLessThan(count); // they come in a few packets, each more than may wait
  end.abort();
});
