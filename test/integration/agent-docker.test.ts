// One contract, tried on the fake that the unit tests use and on a real engine: what the fake allows is what Docker does.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import type { ContainerEvent, ContainerSpec, Docker } from '../../src/convocate-agent/docker/docker.ts';
import { createEngine } from '../../src/convocate-agent/docker/engine.ts';
import { FakeDocker } from '../../src/convocate-agent/docker/fake-docker.ts';
import { ensureSessionImage } from './support/session-image.ts';

const LABEL = 'convocate.test';
const run = `agent-docker-${randomUUID().slice(0, 8)}`;

let engine: Engine;
let image: string;

beforeAll(async () => {
  engine = await openEngine();
  image = await ensureSessionImage(engine.docker);
}, 600_000);

afterAll(async () => {
  const filter = `label=${LABEL}=${run}`;
  const left = await engine.docker.lines(['ps', '--all', '--quiet', '--filter', filter]);
  if (left.length > 0) await engine.docker.run(['rm', '--force', '--volumes', ...left]);
});

async function openReal(): Promise<Docker> {
  return await createEngine(engine.dockerHost?.replace('unix://', '') ?? '/var/run/docker.sock');
}

async function openFake(): Promise<Docker> {
  const fake = new FakeDocker();
  fake.images.add(image);
  fake.script('true', { exitCode: 0, output: '' });
  fake.script('false', { exitCode: 1, output: '' });
  return fake;
}

function specOf(name: string): ContainerSpec {
  return {
    name: `${run}-${name}`,
    image,
    hostname: 'host',
    env: { CONVOCATE_COMMAND: 'sleep infinity' },
    labels: { [LABEL]: run },
    mounts: [],
    ports: [{ port: 45_671, protocol: 'udp' }],
    cgroupParent: '',
    pidsLimit: 256,
    stopTimeoutSeconds: 10,
  };
}

describe.each([
  ['the fake', openFake],
  ['a real engine', openReal],
])('%s', { timeout: 60_000 }, (kind, open) => {
  const tag = kind.replaceAll(' ', '-');

  test('the life of a container', async () => {
    const docker = await open();
    const spec = specOf(`life-${tag}`);
    expect(await docker.inspectContainer(spec.name)).toBeUndefined();
    const id = await docker.createContainer(spec);
    expect(await docker.inspectContainer(spec.name)).toMatchObject({
      id,
      name: spec.name,
      image,
      labels: { [LABEL]: run },
      running: false,
      startedAt: '',
      exitCode: undefined,
      oomKilled: false,
      ports: [{ port: 45_671, protocol: 'udp' }],
    });
    await expect(docker.createContainer(spec)).rejects.toMatchObject({
      code: 'docker',
      message: expect.stringMatching(/Conflict/),
    });

    await docker.startContainer(id);
    const started = await docker.inspectContainer(id);
    expect(started).toMatchObject({ running: true, exitCode: undefined });
    expect(Date.parse(started?.startedAt ?? '')).not.toBeNaN();
    await docker.startContainer(id); // nothing to do
    expect(await docker.exec(spec.name, { argv: ['true'], user: 'root' })).toMatchObject({ exitCode: 0 });
    expect(await docker.exec(spec.name, { argv: ['false'], user: 'root' })).toMatchObject({ exitCode: 1 });

    await docker.stopContainer(spec.name, 10);
    await docker.stopContainer(spec.name, 10); // nothing to do
    expect(await docker.inspectContainer(id)).toMatchObject({ running: false, exitCode: 143 });
    await expect(docker.exec(spec.name, { argv: ['true'], user: 'root' })).rejects.toMatchObject({
      code: 'docker',
      message: expect.stringMatching(/is not running/),
    });
    expect(await docker.listContainers(`${LABEL}=${run}`)).toMatchObject([{ id }]);
    await docker.removeContainer(id);
    expect(await docker.inspectContainer(id)).toBeUndefined();
    expect(await docker.listContainers(`${LABEL}=${run}`)).toEqual([]);
  });

  test('images that are there and are not', async () => {
    const docker = await open();
    expect(await docker.imageExists(image)).toBe(true);
    expect(await docker.imageExists('convocate:no-such-version')).toBe(false);
    const missing = { ...specOf(`missing-${tag}`), image: 'convocate:no-such-version' };
    await expect(docker.createContainer(missing)).rejects.toMatchObject({
      code: 'docker',
      message: expect.stringMatching(/No such image: convocate:no-such-version/),
    });
  });

  test('events from the moment of asking, of our label only, until told to stop', async () => {
    const docker = await open();
    const abort = new AbortController();
    const events = await docker.events(`${LABEL}=${run}`, abort.signal);
    const spec = specOf(`events-${tag}`);
    const other = { ...specOf(`other-${tag}`), labels: { [LABEL]: `${run}-other` }, ports: [] };
    const id = await docker.createContainer(spec);
    const otherId = await docker.createContainer(other);
    await docker.startContainer(otherId);
    await docker.removeContainer(otherId);
    await docker.startContainer(id);
    await docker.stopContainer(id, 10);
    const seen: ContainerEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (event.action === 'die') break;
    }
    abort.abort();
    expect(seen.map(({ action, name }) => `${action} ${name}`)).toEqual([
      `start ${spec.name}`,
      `die ${spec.name}`,
    ]);
    expect(seen[0]).toMatchObject({ id, labels: { [LABEL]: run } });
    await docker.removeContainer(id);
  });
});

test('an engine that is not there is a failure of Docker, said in words', async () => {
  const docker = await createEngine('/no/such/docker.sock');
  await expect(docker.listContainers('a=b')).rejects.toMatchObject({
    code: 'docker',
    message: expect.stringMatching(/^Docker on the agent host cannot be reached \(.*ENOENT/),
  });
});
