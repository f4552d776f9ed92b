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
  fake.script('echo', { exitCode: 0, output: 'ö\n' });
  fake.script('cat', ({ input }) => ({ exitCode: 0, output: input ?? '' }));
  fake.script('seq', ({ keepBytes }) => ({ exitCode: 0, output: NUMBERS.slice(-(keepBytes ?? 65_536)) }));
  fake.script('true', { exitCode: 0, output: '' });
  fake.script('false', { exitCode: 1, output: '' });
  return fake;
}

const NUMBERS = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('');

/** What a container of these tests prints, from the fake itself or by the program that it runs. */
function print(docker: Docker, container: string, lines: readonly string[]): void {
  if (docker instanceof FakeDocker) for (const line of lines) docker.print(container, line);
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
    expect(await docker.listContainers(`${LABEL}=${run}`)).toMatchObject([{ name: spec.name }]);
    await docker.removeContainer(id);
    expect(await docker.inspectContainer(id)).toBeUndefined();
    expect(await docker.listContainers(`${LABEL}=${run}`)).toEqual([]);
  });

  test('a command inside reads what it is given, and of what it prints the end is kept', async () => {
    const docker = await open();
    const id = await docker.createContainer({ ...specOf(`exec-${tag}`), ports: [] });
    await docker.startContainer(id);
    const user = 'claude';
    expect(await docker.exec(id, { argv: ['echo', 'ö'], user })).toEqual({ exitCode: 0, output: 'ö\n' });
    const input = `${'x'.repeat(100_000)}\r\n\u0000\u001b[0m\tö`;
    expect(await docker.exec(id, { argv: ['cat'], user, input, keepBytes: 200_000 })).toEqual({
      exitCode: 0,
      output: input,
    });
    const numbers = { argv: ['seq', '100000'], user };
    expect(await docker.exec(id, { ...numbers, keepBytes: 7 })).toEqual({ exitCode: 0, output: '100000\n' });
    expect((await docker.exec(id, numbers)).output).toBe(NUMBERS.slice(-65_536));
    await expect(docker.exec(id, { ...numbers, mostBytes: 4_096 })).rejects.toMatchObject({
      code: 'docker',
      message: expect.stringContaining('it prints more than 4096 bytes'),
    });
    expect(await docker.exec(id, { argv: ['echo', 'ö'], user, mostBytes: 3 })).toMatchObject({
      output: 'ö\n',
    });
    await docker.removeContainer(id);
  });

  test('the end of the log of a container, in lines with a time, also after it has ended', async () => {
    const docker = await open();
    const name = `${run}-log-${tag}`;
    expect(await docker.containerLog(name, { tail: 5, keepBytes: 1000 })).toBeUndefined();
    // An end with a code that is not 0: the image then prints the last lines of the terminal.
    const command = 'printf "one\\ntwo\\nthree\\n"; exit 3';
    const spec = { ...specOf(`log-${tag}`), ports: [], env: { CONVOCATE_COMMAND: command } };
    const id = await docker.createContainer(spec);
    expect(await docker.containerLog(id, { tail: 5, keepBytes: 1000 })).toEqual({
      text: '',
      truncated: false,
    });
    await docker.startContainer(id);
    print(docker, id, [
      `convocate-session: start: uid 1337, gid 1337, command: ${command}`,
      ...['one', 'two', 'three'].map((word) => `convocate-session: | ${word}`),
      'convocate-session: end: the command ended (exit code 3)',
    ]);
    if (docker instanceof FakeDocker) docker.end(id, 3);
    await expect.poll(async () => (await docker.inspectContainer(id))?.exitCode, { timeout: 20_000 }).toBe(3);
    const facts = await docker.inspectContainer(id);
    expect(Date.parse(facts?.endedAt ?? '')).toBeGreaterThan(Date.parse(facts?.startedAt ?? ''));

    const whole = await docker.containerLog(id, { tail: 5, keepBytes: 10_000 });
    const lines = whole?.text.split('\n') ?? [];
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\S+Z convocate-session: /);
    expect(lines.map((line) => line.replace(/^\S+ convocate-session: /, ''))).toEqual([
      `start: uid 1337, gid 1337, command: ${command}`,
      '| one',
      '| two',
      '| three',
      'end: the command ended (exit code 3)',
    ]);
    expect(whole?.truncated).toBe(false);
    expect(await docker.containerLog(id, { tail: 2, keepBytes: 10_000 })).toEqual({
      text: lines.slice(-2).join('\n'),
      truncated: true,
    });
    const end = `${lines.at(-1)}\n`.length;
    expect(await docker.containerLog(id, { tail: 2, keepBytes: end + 5 })).toMatchObject({ truncated: true });
    await docker.removeContainer(id);
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

test('a command that does not come to its end in its time is given up', { timeout: 60_000 }, async () => {
  const docker = await openReal();
  const id = await docker.createContainer({ ...specOf('late'), ports: [] });
  await docker.startContainer(id);
  const late = docker.exec(id, { argv: ['yes'], user: 'claude', timeoutMs: 500 });
  await expect(late).rejects.toMatchObject({
    code: 'docker',
    message: expect.stringMatching(/^Docker gave no answer: run yes in \S+ did not finish within 0.5 s/),
  });
  expect(await docker.exec(id, { argv: ['echo', 'ö'], user: 'claude' })).toEqual({
    exitCode: 0,
    output: 'ö\n',
  });
  await docker.removeContainer(id);
});

test('an engine that is not there is a failure of Docker, said in words', async () => {
  const docker = await createEngine('/no/such/docker.sock');
  await expect(docker.listContainers('a=b')).rejects.toMatchObject({
    code: 'docker',
    message: expect.stringMatching(/^Docker on the agent host cannot be reached \(.*ENOENT/),
  });
});
